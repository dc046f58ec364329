/** A conference: people in browsers of their own windows, two browsers in all (two cores are the yardstick). */
import type { Browser, Page } from 'playwright-core';
import { type DebugWindow, Person, type Server, startChromium, until } from './world';

type Role = 'moderator' | 'attendee' | 'guest';

export class Staff {
  readonly #server: Server;
  readonly #room: string;
  readonly #browsers: Browser[];
  #next = 0;

  private constructor(server: Server, room: string, browsers: Browser[]) {
    this.#server = server;
    this.#room = room;
    this.#browsers = browsers;
  }

  static async convene(server: Server, room = 'kollegium'): Promise<Staff> {
    await server.makeConference(room);
    // Four cameras in three layers each are coded here, on two cores: a few pictures a second show the same.
    const slowCamera = ['--use-fake-device-for-media-stream=fps=5'];
    const start = () => startChromium(['--use-fake-device-for-media-stream'], slowCamera);
    return new Staff(server, room, [await start(), await start()]);
  }

  /** Stands before the join page. */
  async arrive(role: Role, name: string, viewport = { width: 1180, height: 820 }): Promise<Person> {
    this.#next += 1;
    const browser = this.#browsers[this.#next % this.#browsers.length]!;
    return Person.arrive(browser, await this.#server.link(this.#room, role, name), { viewport });
  }

  async join(role: Role, name: string): Promise<Person> {
    const person = await this.arrive(role, name);
    await person.join();
    return person;
  }

  /** Presses "join" and finds the door closed. */
  async knock(role: Role, name: string): Promise<Person> {
    const person = await this.arrive(role, name);
    await knock(person);
    return person;
  }

  async end(): Promise<void> {
    for (const browser of this.#browsers) await browser.close();
  }
}

export async function knock(person: Person): Promise<void> {
  await person.byId('headphones-yes').click();
  await person.byId('join').click();
  await person.byId('lobby-waiting').waitFor();
}

/** Opens the list of people, if it is not open. */
export async function openPeople(person: Person): Promise<void> {
  if ((await person.byId('participants').count()) === 0) await person.byId('participants-toggle').click();
  await person.byId('participants').waitFor();
}

export async function act(person: Person, on: string, action: string): Promise<void> {
  await openPeople(person);
  await person.page.locator(`[data-testid="person"][data-participant="${on}"]`).getByTestId('person-more').click();
  await person.page.locator(`[data-action="${action}"]`).click();
}

export const pressed = async (person: Person, id: string): Promise<string | null> => person.byId(id).getAttribute('aria-pressed');

export async function untilPressed(person: Person, id: string, value: 'true' | 'false'): Promise<void> {
  await until(`${id} is ${value}`, async () => (await pressed(person, id)) === value);
}

/** Everybody else's pictures are really drawn. */
export async function seesAll(person: Person, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const seat = person.seat(name).first();
    await until(`the picture of ${name}`, async () => (await seat.getAttribute('data-picture')) === 'on', 30_000);
    await until(`pixels of ${name}`, () => seat.locator('video').evaluate((video: HTMLVideoElement) => video.videoWidth > 0));
  }
}

/** What is sent of the camera: which layers are on, and how many bytes of all so far. */
export interface Sent {
  readonly layers: readonly boolean[];
  readonly bytes: number;
  readonly offers: number;
}

export async function sentPicture(page: Page): Promise<Sent> {
  return page.evaluate(async () => {
    const pc = (window as DebugWindow).auftaktDebug?.peerConnection;
    const sender = pc?.getSenders().find(({ track }) => track?.kind === 'video');
    const stats = [...((await sender?.getStats()) as unknown as Map<string, Record<string, unknown>>).values()];
    return {
      layers: sender?.getParameters().encodings.map(({ active }) => active ?? true) ?? [],
      bytes: stats.filter(({ type }) => type === 'outbound-rtp').reduce((sum, { bytesSent }) => sum + (bytesSent as number), 0),
      // Every offer makes the session's version one higher (RFC 8866 §5.2).
      offers: Number(/^o=\S+ \S+ (\d+)/m.exec(pc?.localDescription?.sdp ?? '')?.[1] ?? -1),
    };
  });
}

/** Nothing of a picture leaves this page any more. */
export async function sendsNoPicture(person: Person): Promise<void> {
  await until('no picture is sent', async () => {
    const before = (await sentPicture(person.page)).bytes;
    await new Promise((resolve) => setTimeout(resolve, 700));
    return (await sentPicture(person.page)).bytes === before;
  }, 30_000);
}

/** As if the person looked into another tab: Chromium never hides a page by itself when it has no window. */
export async function lookAway(person: Person, away: boolean): Promise<void> {
  await person.page.evaluate((hidden) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (hidden ? 'hidden' : 'visible') });
    document.dispatchEvent(new Event('visibilitychange'));
  }, away);
}
