import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Pair } from './pair';
import { type DebugWindow, type Person, Server, until } from './world';

describe('coming back in the middle of a lesson', () => {
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

  /** Reloads and joins with one tap, answering nothing again. */
  async function reload(): Promise<void> {
    await student.page.reload();
    await student.page.getByRole('heading', { name: 'Du warst gerade im Unterricht' }).waitFor();
    await student.comeBack();
  }

  const microphone = () => student.byId('toggle-microphone').getAttribute('aria-pressed');

  async function mute(): Promise<void> {
    await student.byId('toggle-microphone').click();
    await until('muted', async () => (await microphone()) === 'false');
  }

  /** Of the student, while a good many of her pictures arrive. */
  async function soundReachesTeacher(): Promise<boolean> {
    const start = await teacher.look();
    const before = await until('the first pictures', async () => {
      const now = await teacher.look();
      return now.framesDecoded >= start.framesDecoded + 10 && now;
    });
    const after = await until('more pictures', async () => {
      const now = await teacher.look();
      return now.framesDecoded >= before.framesDecoded + 30 && now;
    });
    return after.audioPackets > before.audioPackets;
  }

  it('by a reload captures the microphone as was answered before', async () => {
    await reload();
    await student.seesAndHears();
    const settings = await student.page.evaluate(() => {
      const senders = (window as DebugWindow).auftaktDebug?.peerConnection?.getSenders() ?? [];
      return senders.find(({ track }) => track?.kind === 'audio')?.track?.getSettings();
    });
    expect(settings?.echoCancellation).toBe(false);
    await teacher.seesAndHears();
  });

  it('by a reload unmutes nobody', async () => {
    await mute();
    await reload();
    expect(await microphone()).toBe('false');
    expect(await soundReachesTeacher()).toBe(false);
    await student.byId('toggle-microphone').click();
    await teacher.hears();
    expect(await microphone()).toBe('true');
  });

  it('by a reload unmutes nobody either when the page forgot, and says so', async () => {
    await mute();
    // Only how to come back is left, as in a browser that throws away what it can.
    await student.page.evaluate(() => {
      const kept = JSON.parse(sessionStorage.getItem('auftakt') ?? '{}') as object;
      sessionStorage.setItem('auftakt', JSON.stringify({ ...kept, off: undefined }));
    });
    await reload();
    await student.page.getByText('Dein Mikrofon ist noch stumm').waitFor();
    expect(await microphone()).toBe('false');
    expect(await soundReachesTeacher()).toBe(false);
    await student.byId('toggle-microphone').click();
    await teacher.hears();
  });

  it('after leaving by mistake takes one tap, and unmutes nobody', async () => {
    await mute();
    await student.byId('leave').click();
    await student.comeBack();
    expect(await microphone()).toBe('false');
    expect(await student.byId('toggle-camera').getAttribute('aria-pressed')).toBe('true');
    expect(await soundReachesTeacher()).toBe(false);
    await student.byId('toggle-microphone').click();
    await teacher.hears();
  });

  it('in another tab unmutes nobody, and says so', async () => {
    await mute();
    const link = student.page.url();
    const tab = await student.page.context().newPage();
    await student.page.close();
    await tab.goto(link);
    await tab.getByTestId('join').click();
    await tab.getByText('Dein Mikrofon ist noch stumm').waitFor();
    expect(await tab.getByTestId('toggle-microphone').getAttribute('aria-pressed')).toBe('false');
    expect(await soundReachesTeacher()).toBe(false);
    await tab.getByTestId('toggle-microphone').click();
    await teacher.hears();
  });

  it('leaves no fault on the page', () => {
    expect(teacher.errors).toEqual([]);
    expect(student.errors).toEqual([]);
  });
});
