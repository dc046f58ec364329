import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pair } from './pair';
import { type DebugWindow, type Person, Server, until } from './world';

/** Runs in the page. */
const peerConnection = () => (window as DebugWindow).auftaktDebug?.peerConnection;

/** The promise is a p95 of 20: ten times two people. */
const KILLS = Number(process.env.E2E_KILLS ?? 10);
const SOUND_BACK_WITHIN_MS = 3000;

/** A lost socket keeps its place for 30 s; then it is free. */
const PLACE_KEPT_MS = 45_000;

describe('a lesson comes back by itself', () => {
  let server: Server;
  let pair: Pair;
  let teacher: Person;
  let student: Person;

  beforeAll(async () => {
    server = await Server.start();
    pair = await Pair.meet(server);
    ({ teacher, student } = pair);
  });

  afterAll(async () => {
    await pair.end();
    await server.end();
  });

  /** Milliseconds from `start` until this person hears something again on a working connection. */
  async function soundBack(person: Person, start: number): Promise<number> {
    await until('a connection', async () => (await person.look()).state === 'connected', 20_000);
    await person.hears();
    return Date.now() - start;
  }

  /** SIGKILL and start again; resolves when both pages made a new peer connection. Gives the time the server was up. */
  async function killAndStart(): Promise<number> {
    const old = await Promise.all([teacher, student].map((person) => person.page.evaluateHandle(peerConnection)));
    await server.kill();
    await server.up();
    const start = Date.now();
    const renewed = [teacher, student].map((person, i) =>
      until('a new peer connection', () =>
        person.page.evaluate((before) => (window as DebugWindow).auftaktDebug?.peerConnection !== before, old[i]),
      ),
    );
    await Promise.all(renewed);
    return start;
  }

  it(`after the server was killed and started again, ${KILLS} times, within ${SOUND_BACK_WITHIN_MS} ms`, async () => {
    const times: number[] = [];
    for (let i = 0; i < KILLS; i += 1) {
      const start = await killAndStart();
      times.push(...(await Promise.all([soundBack(teacher, start), soundBack(student, start)])));
    }
    times.sort((a, b) => a - b);
    const p95 = times[Math.ceil(times.length * 0.95) - 1] ?? Infinity;
    console.log(`sound back after a restart: p50 ${times[Math.floor(times.length / 2)]} ms, p95 ${p95} ms, n ${times.length}`);
    expect(p95).toBeLessThan(SOUND_BACK_WITHIN_MS);
  }, 300_000);

  it('as muted as before', async () => {
    await student.byId('toggle-microphone').click();
    await until('muted', async () => (await student.byId('toggle-microphone').getAttribute('aria-pressed')) === 'false');
    await killAndStart();
    await until('the connection', async () => (await teacher.look()).state === 'connected');
    await student.hears();
    const before = await teacher.look();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const after = await teacher.look();
    expect(after.audioPackets).toBe(before.audioPackets);
    expect(await student.byId('toggle-microphone').getAttribute('aria-pressed')).toBe('false');
    await student.byId('toggle-microphone').click();
    await teacher.hears();
  });

  it('after a reload, with the name and the answers still there', async () => {
    await student.page.reload();
    await student.byId('check-devices').click();
    await student.byId('join').waitFor();
    expect(await student.byId('name-input').inputValue()).toBe('Hannah');
    await student.join();
    await Promise.all([teacher.seesAndHears(), student.seesAndHears()]);
    expect(await teacher.page.getByTestId('seat').count()).toBe(1);
  });

  it('after her tab crashed and she opened the link again, and her old seat does not stay', async () => {
    expect(student.errors).toEqual([]);
    await student.crash();
    student = await student.openAgain(pair.studentLink);
    await student.join();
    await Promise.all([teacher.seesAndHears(), student.seesAndHears()]);
    await until('one seat', async () => (await teacher.page.getByTestId('seat').count()) === 1, PLACE_KEPT_MS);
    await Promise.all([teacher.seesAndHears(), student.seesAndHears()]);
  });

  it('after a frozen network, without anybody touching it', async () => {
    server.freeze('frozen');
    await new Promise((resolve) => setTimeout(resolve, 8000));
    server.freeze('running');
    const start = Date.now();
    const times = await Promise.all([soundBack(teacher, start), soundBack(student, start)]);
    console.log(`sound back after 8 s of nothing: ${times.join(' and ')} ms`);
    expect(Math.max(...times)).toBeLessThan(8000);
  });

  it('without a fault on the page', () => {
    expect(teacher.errors).toEqual([]);
    expect(student.errors).toEqual([]);
  });
});
