/** Many who only came: no camera, no microphone, and one page for all of them. */
import type { Browser } from 'playwright-core';
import type { Server } from './world';

/** They stay as long as the browser does. */
export async function crowd(browser: Browser, server: Server, room: string, size: number): Promise<void> {
  const names = Array.from({ length: size }, (_, i) => `Gast ${i + 1}`);
  const links = await Promise.all(names.map(async (name) => ({ name, token: new URL(await server.link(room, 'attendee', name)).hash.slice(1) })));
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${server.origin}/healthz`);
  await page.evaluate(async (people) => {
    const come = async ({ name, token }: { name: string; token: string }) =>
      new Promise<void>((welcome, failed) => {
        const socket = new WebSocket(`ws://${location.host}/signal`);
        const say = (message: unknown) => {
          socket.send(JSON.stringify(message));
        };
        socket.onopen = () => {
          say({ type: 'join', version: 2, token, name, sound_profile: 'speech', resume: null });
        };
        socket.onmessage = () => {
          welcome();
        };
        socket.onclose = ({ reason }) => {
          failed(new Error(`${name}: ${reason}`));
        };
        setInterval(() => {
          say({ type: 'ping', id: 1 });
        }, 8_000);
      });
    for (const person of people) await come(person);
  }, links);
}
