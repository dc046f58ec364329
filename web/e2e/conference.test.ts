import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { act, knock, lookAway, openPeople, seesAll, sendsNoPicture, sentPicture, Staff, untilPressed } from './staff';
import { type Person, Server, until } from './world';

const EVA = 'Dr. Andrea Hoffmeister';
const KOFI = 'Kofi Mensah';
const AYSE = 'Ayşe Demirtaş-Wollschläger';
const GUEST = 'Herr Hoffmann';

const small = { width: 560, height: 420 };
const large = { width: 1180, height: 820 };

describe('a conference between four browsers', () => {
  let server: Server;
  let staff: Staff;
  let eva: Person;
  let kofi: Person;
  let ayse: Person;
  let guest: Person;

  beforeAll(async () => {
    server = await Server.start();
    staff = await Staff.convene(server);
  });

  afterAll(async () => {
    await staff.end();
    await server.end();
  });

  it('lets the staff in, and guests only through the door', async () => {
    eva = await staff.join('moderator', EVA);
    kofi = await staff.join('attendee', KOFI);
    ayse = await staff.join('attendee', AYSE);
    guest = await staff.knock('guest', GUEST);
    await until('who can let in is named', async () => (await guest.byId('lobby-waiting').innerText()).includes(EVA));
    expect(await guest.look()).toMatchObject({ state: 'none' });
    await openPeople(eva);
    await eva.page.locator(`[data-testid="waiting-person"][data-participant="${GUEST}"]`).waitFor();
    await openPeople(kofi);
    expect(await kofi.byId('waiting-person').count()).toBe(0);
  });

  it('keeps the place of who waits through a reload', async () => {
    await guest.page.reload();
    await knock(guest);
    expect(await eva.byId('waiting-person').count()).toBe(1);
  });

  it('lets in who a moderator admits', async () => {
    await eva.byId('admit').click();
    await guest.byId('leave').waitFor();
    await guest.byId('toggle-microphone').waitFor();
    await until('nobody waits', async () => (await eva.byId('waiting-person').count()) === 0);
  });

  it('shows everybody to everybody', async () => {
    const others = (me: string) => [EVA, KOFI, AYSE, GUEST].filter((name) => name !== me);
    await Promise.all([seesAll(eva, others(EVA)), seesAll(kofi, others(KOFI)), seesAll(ayse, others(AYSE)), seesAll(guest, others(GUEST))]);
    expect(await eva.byId('self').count()).toBe(1);
    await until('my own picture', () => eva.byId('self').locator('video').evaluate((video: HTMLVideoElement) => video.videoWidth > 0));
    await Promise.all([eva.hears(), guest.hears()]);
  });

  it('mutes all but who leads, and by the server’s hand', async () => {
    await openPeople(eva);
    await eva.byId('mute-all').click();
    for (const person of [kofi, ayse, guest]) await untilPressed(person, 'toggle-microphone', 'false');
    await untilPressed(eva, 'toggle-microphone', 'true');
    await until('silence', async () => {
      const before = (await eva.look()).audioPackets;
      await new Promise((resolve) => setTimeout(resolve, 500));
      return (await eva.look()).audioPackets === before;
    });
  });

  it('asks to unmute, and leaves it to who is asked', async () => {
    await act(eva, KOFI, 'ask_unmute');
    const question = kofi.byId('repair').filter({ hasText: `${EVA} möchte Sie hören` });
    await question.waitFor();
    await untilPressed(kofi, 'toggle-microphone', 'false');
    await question.getByTestId('repair-button').click();
    await untilPressed(kofi, 'toggle-microphone', 'true');
    await eva.hears();
    expect(await question.count()).toBe(0);
  });

  it('shows raised hands in their order, and lowers them', async () => {
    await ayse.byId('raise-hand').click();
    await kofi.byId('raise-hand').click();
    await openPeople(eva);
    await until('two hands', async () => (await eva.byId('hand').count()) === 2);
    const order = await eva.byId('hand').evaluateAll((hands) => hands.map((hand) => (hand as HTMLElement).dataset.participant));
    expect(order).toEqual([AYSE, KOFI]);
    // Who is first is called; of the others a hand may be taken down.
    await eva.page.locator(`[data-testid="hand"][data-participant="${KOFI}"]`).getByTestId('lower-hand').click();
    await until('one hand', async () => (await eva.byId('hand').count()) === 1);
    await untilPressed(kofi, 'raise-hand', 'false');
    await eva.page.locator(`[data-testid="hand"][data-participant="${AYSE}"]`).getByTestId('give-floor').click();
    await untilPressed(ayse, 'raise-hand', 'false');
  });

  it('keeps between two people what is meant for one', async () => {
    await act(eva, KOFI, 'chat');
    await eva.byId('chat-input').fill('Nur für Sie: Punkt 3 zuerst');
    await eva.byId('chat-send').click();
    await eva.byId('chat-message').filter({ hasText: 'Punkt 3 zuerst' }).waitFor();
    await eva.byId('chat-to-all').click();
    await eva.byId('chat-input').fill('An alle: wir beginnen');
    await eva.byId('chat-send').click();
    for (const person of [kofi, ayse]) {
      await person.byId('chat-toggle').click();
      await person.byId('chat-message').filter({ hasText: 'wir beginnen' }).waitFor();
      await person.byId('chat-toggle').click();
    }
    const read = async (person: Person) => {
      await person.byId('chat-toggle').click();
      const lines = await person.byId('chat-message').allInnerTexts();
      await person.byId('chat-toggle').click();
      return lines.join('\n');
    };
    expect(await read(kofi)).toContain('Punkt 3 zuerst');
    expect(await read(ayse)).not.toContain('Punkt 3 zuerst');
  });

  describe('sends what is looked at', () => {
    it('and no large pictures, where all see it small', async () => {
      const before = await sentPicture(kofi.page);
      for (const person of [eva, ayse, guest]) await person.page.setViewportSize(small);
      await until('no large layer', async () => (await sentPicture(kofi.page)).layers.at(2) === false, 30_000);
      expect((await sentPicture(kofi.page)).layers.at(0)).toBe(true);
      for (const person of [eva, ayse, guest]) await person.page.setViewportSize(large);
      await act(eva, KOFI, 'pin');
      await until('all layers', async () => (await sentPicture(kofi.page)).layers.every(Boolean), 30_000);
      expect((await sentPicture(kofi.page)).offers).toBe(before.offers);
      await act(eva, KOFI, 'unpin');
    });

    it('and nothing while nobody looks, and at once when somebody does', async () => {
      for (const person of [eva, ayse, guest]) await lookAway(person, true);
      await sendsNoPicture(kofi);
      expect((await sentPicture(kofi.page)).layers).toEqual([false, false, false]);
      for (const person of [eva, ayse, guest]) await lookAway(person, false);
      const { framesDecoded } = await eva.look();
      await until('pictures again', async () => (await eva.look()).framesDecoded > framesDecoded + 5);
      await seesAll(eva, [KOFI, AYSE, GUEST]);
    });
  });

  it('locks: who comes now waits, and may be turned away', async () => {
    await openPeople(eva);
    await eva.byId('lead').locator('summary').click();
    await eva.byId('lock').click({ force: true });
    await until('locked', () => eva.byId('lock').isChecked());
    const late = await staff.knock('attendee', 'Uwe Petersen');
    await eva.page.locator('[data-testid="waiting-person"][data-participant="Uwe Petersen"]').getByTestId('turn-away').click();
    await late.page.getByRole('heading', { name: 'Sie wurden nicht eingelassen' }).waitFor();
    expect(late.errors).toEqual([]);
    await late.leave();
  });

  it('lets whoever was inside come back by themselves, though it is locked', async () => {
    await kofi.page.reload();
    await kofi.comeBack();
    await seesAll(eva, [KOFI]);
  });

  it('removes somebody, who has to wait when coming again', async () => {
    await act(eva, AYSE, 'remove');
    await eva.byId('remove').click();
    await ayse.page.getByRole('heading', { name: 'Sie sind nicht mehr im Raum' }).waitFor();
    await until('gone', async () => (await eva.seat(AYSE).count()) === 0);
    await ayse.page.getByRole('button', { name: 'Wieder beitreten' }).click();
    await ayse.byId('join').waitFor();
    await knock(ayse);
  });

  it('has no fault in any page', () => {
    for (const person of [eva, kofi, ayse, guest]) expect(person.errors).toEqual([]);
  });
});
