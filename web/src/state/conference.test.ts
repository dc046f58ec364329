import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ParticipantInfo, SeatedStream, ServerMessage, Snapshot, TrackInfo, TrackSource } from '../generated/wire';
import { useFakeDevices } from '../core/fake-media';
import { FakePeerConnection, FakeSocket, PLAIN_ROOM } from '../core/fakes';
import { ConferenceStore } from './conference.svelte';
import { Equipment } from './equipment.svelte';
import type { Person } from './types';

const ME = 1;
const settle = () => vi.advanceTimersByTimeAsync(0);
const main = (participant: number): SeatedStream => ({ participant, stream: 'main' });
const track = (source: TrackSource, muted = false): TrackInfo => ({ source, muted, muted_by_other: false });

function person(id: number, change: Partial<ParticipantInfo> = {}): ParticipantInfo {
  const tracks = [track('microphone'), track('camera')];
  return { id, name: `P${id}`, role: 'attendee', sound_profile: 'speech', tracks, present: true, hand: null, ...change };
}

class FakeObserver {
  static tell = new Map<string, (entries: object[]) => void>();
  constructor(tell: (entries: object[]) => void) {
    FakeObserver.tell.set(new.target.name, tell);
  }
  observe = () => undefined;
  unobserve = () => undefined;
  disconnect = () => undefined;
}
class FakeResize extends FakeObserver {}
class FakeCrossing extends FakeObserver {}

class FakeElement extends EventTarget {
  srcObject: unknown = null;
  paused = true;
  readonly waiting: (() => void)[] = [];
  play = () => Promise.resolve();
  remove = () => undefined;
  requestVideoFrameCallback = (tell: () => void) => void this.waiting.push(tell);
  frame(): void {
    for (const tell of this.waiting.splice(0)) tell();
  }
}

describe('a conference', () => {
  let store: ConferenceStore;
  let equipment: Equipment;
  let people: ParticipantInfo[];
  let door: (readonly string[])[];

  const hear = (message: ServerMessage) => {
    FakeSocket.last.say(message);
  };
  const welcome = (snapshot: Partial<Snapshot> = {}, role: 'moderator' | 'attendee' = 'moderator') => {
    hear({
      type: 'welcome',
      you: ME,
      role,
      resume: 'secret',
      resumed: false,
      snapshot: { room: 'k', kind: 'conference', started_at: 0, participants: people, chat: [], seats: [], ...PLAIN_ROOM, ...snapshot },
    });
  };
  const enter = async (others: number, role: 'moderator' | 'attendee' = 'moderator') => {
    people = Array.from({ length: others + 1 }, (_, i) => person(i + 1));
    FakeSocket.last.accept();
    welcome({}, role);
    await settle();
    hear({ type: 'answer', id: FakeSocket.last.of('offer').at(-1)?.id ?? 0, sdp: '' });
    await settle();
    FakePeerConnection.last.become('connected');
  };
  const change = (id: number, to: Partial<ParticipantInfo>) => {
    people = people.map((info) => (info.id === id ? { ...info, ...to } : info));
    hear({ type: 'participant_changed', participant: people.find((info) => info.id === id) ?? person(id) });
  };
  const seat = (...seats: (number | null)[]) => {
    hear({ type: 'seats', seats: seats.map((id) => (id === null ? null : main(id))) });
  };
  const speaks = (...speaking: number[]) => {
    hear({ type: 'speakers', speakers: { speaking, heard: people.map(({ id }) => id) } });
  };
  /** A tile is on the screen, so large. */
  const show = (key: string, width = 320, height = 180) => {
    const element = new FakeElement();
    const stop = store.showTile(element as unknown as HTMLVideoElement, key);
    FakeObserver.tell.get('FakeResize')?.([{ target: element, contentRect: { width, height } }]);
    FakeObserver.tell.get('FakeCrossing')?.([{ target: element, isIntersecting: true }]);
    return { element, stop };
  };
  const view = () => FakeSocket.last.of('set_view').at(-1);
  const names = () => store.grid.places.map((tile) => tile?.person.name ?? null);
  const who = (id: number): Person => {
    const found = store.people.find((candidate) => candidate.id === id);
    if (!found) throw new Error('nobody');
    return found;
  };
  const tileOf = (id: number) => store.grid.places.find((tile) => tile?.person.id === id);

  beforeEach(() => {
    vi.useFakeTimers();
    useFakeDevices();
    vi.stubGlobal('WebSocket', FakeSocket);
    vi.stubGlobal('RTCPeerConnection', FakePeerConnection);
    vi.stubGlobal('RTCRtpReceiver', { getCapabilities: () => null });
    vi.stubGlobal('ResizeObserver', FakeResize);
    vi.stubGlobal('IntersectionObserver', FakeCrossing);
    vi.stubGlobal('window', Object.assign(new EventTarget(), { devicePixelRatio: 2 }));
    const body = { append: () => undefined };
    const page = { visibilityState: 'visible', body, createElement: () => new FakeElement() };
    vi.stubGlobal('document', Object.assign(new EventTarget(), page));
    FakeSocket.all = [];
    FakePeerConnection.all = [];
    door = [];
    equipment = new Equipment(
      { system: 'other', engine: 'chromium' },
      { headphones: 'unanswered', profile: 'speech', off: { microphone: true, camera: true } },
    );
    store = new ConferenceStore({
      link: { room: 'k', kind: 'conference', role: 'moderator', name: 'Eva', title: null, school: null, address: 'Sie' },
      url: 'ws://x/signal',
      token: 't',
      name: 'Eva',
      resume: null,
      equipment,
      onEntered: () => undefined,
      onDoor: (_, hosts) => door.push(hosts),
      onUnreached: () => undefined,
      onEnded: () => undefined,
      onResume: () => undefined,
    });
    store.setRoomFor({ grid: 9, strip: 3 });
    store.start();
  });

  afterEach(() => {
    store.leave();
    equipment.close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  describe('has tiles that', () => {
    it('begin with me, stay where they are, and leave gaps', async () => {
      await enter(5);
      speaks(4);
      hear({ type: 'participant_left', participant: 3 });
      expect(names()).toEqual(['P1', 'P2', null, 'P4', 'P5', 'P6']);
      hear({ type: 'participant_joined', participant: person(9) });
      expect(names()).toEqual(['P1', 'P2', 'P9', 'P4', 'P5', 'P6']);
    });

    it('say who speaks on another page, and show that page', async () => {
      await enter(11);
      speaks(12);
      expect(store.grid.speakingElsewhere.map(({ person: { id }, page }) => [id, page])).toEqual([[12, 1]]);
      store.showPageOf(12);
      expect(names()).toEqual(['P10', 'P11', 'P12']);
      expect(store.grid.speakingElsewhere).toEqual([]);
    });

    it('follow their stream from seat to seat, and wait for its own picture', async () => {
      await enter(2);
      seat(2, 3);
      const { element } = show('2-main');
      expect(tileOf(2)?.picture).toBe('waiting');
      element.frame();
      expect(tileOf(2)?.picture).toBe('on');
      const before = element.srcObject;
      seat(3, 2);
      expect(tileOf(2)?.picture).toBe('waiting');
      expect(element.srcObject).not.toBe(before);
      element.frame();
      expect(tileOf(2)?.picture).toBe('on');
      change(2, { tracks: [track('microphone'), track('camera', true)] });
      expect(tileOf(2)?.picture).toBe('off');
    });

    it('have no picture from a seat for sound alone', async () => {
      await enter(12);
      const { element } = show('2-main');
      seat(...Array<null>(9).fill(null), 2);
      expect(element.waiting).toEqual([]);
      expect(tileOf(2)?.picture).toBe('waiting');
      seat(null, 2, ...Array<null>(7).fill(null), 2);
      element.frame();
      expect(tileOf(2)?.picture).toBe('on');
    });

    it('say that the network is too narrow, until the next picture', async () => {
      await enter(2);
      seat(2, 3);
      const { element } = show('2-main');
      element.frame();
      hear({ type: 'pictures_paused', seats: [0] });
      expect(tileOf(2)?.picture).toBe('paused');
      hear({ type: 'pictures_paused', seats: [] });
      expect(tileOf(2)?.picture).toBe('waiting');
      element.frame();
      expect(tileOf(2)?.picture).toBe('on');
    });

    it('tell the server what is in sight, how large, in physical pixels', async () => {
      await enter(3);
      seat(2, 3, 4);
      show('2-main', 320, 180);
      const { stop } = show('3-main', 320, 180);
      await vi.advanceTimersByTimeAsync(20);
      expect(view()?.wanted).toEqual([main(2), main(3), main(4)]);
      expect(view()?.sizes.slice(0, 3)).toEqual([{ width: 640, height: 360 }, { width: 640, height: 360 }, { width: 0, height: 0 }]);
      stop();
      await vi.advanceTimersByTimeAsync(20);
      expect(view()?.sizes[1]).toEqual({ width: 0, height: 0 });
    });

    it('want the pinned one first, and the pages that are open', async () => {
      await enter(11);
      store.setPage(1);
      expect(view()).toMatchObject({ wanted: [10, 11, 12].map(main), pinned: 0 });
      store.act(5, 'pin');
      expect(store.layout).toBe('speaker');
      expect(store.stage.large?.person.id).toBe(5);
      expect(view()).toMatchObject({ pinned: 1 });
      expect(view()?.wanted[0]).toEqual(main(5));
      store.act(5, 'unpin');
      expect(store.layout).toBe('grid');
    });

    it('get as many seats as are shown', async () => {
      await enter(30);
      const pairs = () => FakeSocket.last.of('offer').at(-1)?.seats.filter(({ video_mid }) => video_mid !== null).length;
      expect(pairs()).toBe(9);
      store.setRoomFor({ grid: 25, strip: 5 });
      await settle();
      expect(pairs()).toBe(25);
    });
  });

  describe('has a large tile that', () => {
    it('is who speaks and not me, and does not jump', async () => {
      await enter(5);
      store.setLayout('speaker');
      speaks(ME);
      expect(store.stage.large?.person.id).toBe(2);
      speaks(4);
      expect(store.stage.large?.person.id).toBe(4);
      speaks(5);
      expect(store.stage.large?.person.id).toBe(4);
      await vi.advanceTimersByTimeAsync(3000);
      expect(store.stage.large?.person.id).toBe(5);
      expect(store.stage.strip[0]?.person.isMe).toBe(true);
      expect(store.stage.more).toBe(2);
    });

    it('is a screen while there is one, and the grid comes back after it', async () => {
      await enter(3);
      change(3, { tracks: [track('microphone'), track('screen')] });
      expect(store.layout).toBe('speaker');
      expect(store.stage.large).toMatchObject({ key: '3-screen', stream: 'screen' });
      expect(store.stage.strip.map(({ key }) => key)).toContain('3-main');
      change(3, { tracks: [track('microphone')] });
      expect(store.layout).toBe('grid');
    });

    it('leaves alone who wants the grid', async () => {
      await enter(3);
      change(3, { tracks: [track('screen')] });
      store.setLayout('grid');
      change(2, { name: 'Neu' });
      expect(store.layout).toBe('grid');
      expect(store.grid.places.map((tile) => tile?.key)).toContain('3-screen');
    });

    it('is what a moderator shows to all, but never myself', async () => {
      await enter(3);
      const settings = { ...PLAIN_ROOM.settings };
      hear({ type: 'room_changed', settings: { ...settings, spotlight: main(3) } });
      expect(store.stage.large).toMatchObject({ key: '3-main', spotlight: true });
      hear({ type: 'room_changed', settings: { ...settings, spotlight: main(ME) } });
      expect(store.stage.large?.person.isMe).toBe(false);
      expect(store.layout).toBe('grid');
    });
  });

  describe('is led by moderators who', () => {
    it('may do to each person what makes sense now', async () => {
      await enter(3);
      change(2, { tracks: [track('microphone', true)], hand: 4 });
      expect(who(2).actions).toEqual(['pin', 'chat', 'ask_unmute', 'give_floor', 'lower_hand', 'spotlight', 'remove']);
      expect(who(3).actions).toEqual(['pin', 'chat', 'mute', 'camera_off', 'give_floor', 'spotlight', 'remove']);
      expect(who(ME).actions).toEqual(['give_floor', 'spotlight']);
      for (const action of who(3).actions) store.act(3, action);
      const said = FakeSocket.last.sent.map(({ type }) => type);
      for (const type of ['mute_other', 'give_floor', 'set_spotlight', 'remove'] as const) expect(said).toContain(type);
      expect(store.chat.to?.id).toBe(3);
    });

    it('are nobody else', async () => {
      await enter(2, 'attendee');
      expect(store.mayLead).toBe(false);
      expect(who(2).actions).toEqual(['pin', 'chat']);
      expect(who(ME).actions).toEqual([]);
    });

    it('let in who waits, and hear them only while nobody plays here', async () => {
      await enter(2);
      const chime = vi.spyOn(equipment.audio, 'playChime').mockReturnValue();
      const waiting = (...ids: number[]): ServerMessage => ({
        type: 'lobby',
        waiting: ids.map((id) => ({ id, name: `W${id}`, role: 'guest', since: 5 })),
      });
      hear(waiting(50));
      hear(waiting(50, 51));
      expect(chime).toHaveBeenCalledTimes(1);
      expect(store.lobby.map(({ id, initials }) => [id, initials])).toEqual([[50, 'W'], [51, 'W']]);
      await vi.advanceTimersByTimeAsync(2100);
      expect(store.announcement?.what).toEqual({ kind: 'waiting', names: ['W50', 'W51'], count: 2 });
      store.admit(50);
      store.admitAll();
      expect(FakeSocket.last.of('admit')[0]?.participants).toEqual([50]);
      expect(FakeSocket.last.of('admit_all')).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(20_000);
      await equipment.switchOn('microphone');
      hear(waiting(50, 51, 52));
      expect(chime).toHaveBeenCalledTimes(1);
    });
  });

  it('shows hands in the order in which they went up, and since when', async () => {
    await enter(4);
    change(4, { hand: 7 });
    change(2, { hand: 8 });
    expect(store.hands.map(({ person: { id }, order, since }) => [id, order, since])).toEqual([
      [4, 1, Date.now()],
      [2, 2, Date.now()],
    ]);
    expect(tileOf(2)?.person.hand).toBe(2);
    change(4, { hand: null });
    expect(store.hands.map(({ person: { id }, order }) => [id, order])).toEqual([[2, 1]]);
    store.toggleHand();
    expect(FakeSocket.last.of('raise_hand')).toEqual([{ type: 'raise_hand', up: true }]);
  });

  it('does not know since when hands are up that were up before', async () => {
    people = [person(1), person(2, { hand: 3 })];
    FakeSocket.last.accept();
    welcome();
    expect(store.hands[0]?.since).toBeNull();
  });

  it('tells many who come as one', async () => {
    await enter(1);
    for (let id = 10; id < 40; id += 1) hear({ type: 'participant_joined', participant: person(id) });
    expect(store.announcement).toBeNull();
    await vi.advanceTimersByTimeAsync(2100);
    expect(store.announcement).toEqual({ id: 1, what: { kind: 'joined', names: [], count: 30 } });
    expect(store.toasts.map(({ what }) => what)).toEqual([{ kind: 'several_joined', count: 30 }]);
  });

  it('says who speaks only when wanted, and not too often', async () => {
    await enter(4);
    speaks(2);
    await vi.advanceTimersByTimeAsync(5000);
    expect(store.announcement).toBeNull();
    store.setAnnounceSpeakers(true);
    const said: string[][] = [];
    for (let step = 0; step < 40; step += 1) {
      speaks(2 + (step % 3));
      await vi.advanceTimersByTimeAsync(500);
      const { announcement } = store;
      if (announcement?.what.kind === 'speaking' && said.length < announcement.id) said.push([...announcement.what.names]);
    }
    expect(said.length).toBeGreaterThanOrEqual(4);
    expect(said.length).toBeLessThanOrEqual(6);
    speaks(4);
    store.sayWhoSpeaks();
    expect(store.announcement?.what).toEqual({ kind: 'speaking', names: ['P4'] });
  });

  it('never unmutes by itself: whoever is asked decides', async () => {
    await enter(2, 'attendee');
    hear({ type: 'asked_to_unmute', by: 2 });
    const asked = () => store.notices.find(({ what }) => what.kind === 'asked_to_unmute');
    expect(asked()).toMatchObject({ what: { name: 'P2' }, repair: 'unmute', dismissible: true });
    expect(store.microphone.kind).toBe('off');
    const notice = asked();
    if (notice) store.dismiss(notice);
    expect(asked()).toBeUndefined();
    await settle();
    expect(store.microphone.kind).toBe('off');
    expect(FakeSocket.last.of('set_muted')).toEqual([]);
    hear({ type: 'asked_to_unmute', by: 2 });
    const again = asked();
    if (again) store.repair(again);
    await settle();
    expect(store.microphone.kind).toBe('on');
    expect(asked()).toBeUndefined();
    hear({ type: 'asked_to_unmute', by: 2 });
    expect(asked()).toBeUndefined();
  });

  it('says who hears me', async () => {
    await enter(0);
    expect(store.hearing).toEqual({ kind: 'nobody', because: 'off' });
    await equipment.switchOn('microphone');
    expect(store.hearing).toEqual({ kind: 'nobody', because: 'alone' });
    hear({ type: 'participant_joined', participant: person(2) });
    hear({ type: 'speakers', speakers: { speaking: [], heard: [ME, 2] } });
    expect(store.hearing).toEqual({ kind: 'all' });
    hear({ type: 'speakers', speakers: { speaking: [2], heard: [2] } });
    expect(store.hearing).toEqual({ kind: 'not_now' });
    FakeSocket.last.break();
    await vi.advanceTimersByTimeAsync(1300);
    expect(store.hearing).toEqual({ kind: 'nobody', because: 'connection' });
  });

  it('ends my screen when somebody else shares, and says so', async () => {
    await enter(2);
    await equipment.toggleScreen();
    expect(equipment.screen.kind).toBe('on');
    hear({ type: 'screen_taken_over', by: 2 });
    expect(equipment.screen.kind).toBe('off');
    expect(store.notices.map(({ what }) => what)).toContainEqual({ kind: 'screen_taken_over', name: 'P2' });
    change(3, { tracks: [track('screen')] });
    expect(store.wouldTakeScreenOf).toBe('P3');
  });

  it('lets signs pass', async () => {
    await enter(2);
    hear({ type: 'reacted', participant: 2, reaction: 'applause' });
    expect(tileOf(2)?.person.reaction).toBe('applause');
    expect(store.reactions).toMatchObject([{ name: 'P2', reaction: 'applause' }]);
    await vi.advanceTimersByTimeAsync(5100);
    expect(store.reactions).toEqual([]);
    expect(tileOf(2)?.person.reaction).toBeNull();
  });

  it('finds people by any part of their names', async () => {
    await enter(3);
    change(2, { name: 'Ayşe Demirtaş-Wollschläger' });
    change(3, { name: 'Birgit Hahn' });
    store.setSearch('demirtas AYSE');
    expect(store.found.map(({ id }) => id)).toEqual([2]);
    store.setSearch('  ');
    expect(store.found.map(({ isMe }) => isMe)).toEqual([true, false, false, false]);
  });

  it('is left for the door when the server says so, and entered again', async () => {
    await enter(2);
    FakeSocket.last.break();
    await vi.advanceTimersByTimeAsync(200);
    FakeSocket.last.accept();
    hear({ type: 'waiting', resume: 'w', role: 'attendee', room: 'k', kind: 'conference', since: 5, hosts: ['Eva'] });
    expect(door).toEqual([['Eva']]);
    expect(store.participants).toEqual([]);
    welcome();
    await settle();
    expect(names()).toEqual(['P1', 'P2', 'P3']);
  });
});
