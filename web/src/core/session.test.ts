import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ParticipantInfo, ServerMessage, TrackInfo } from '../generated/wire';
import { FakePeerConnection, FakeSocket, fakeTrack, PLAIN_ROOM } from './fakes';
import { type Phase, Session } from './session';

const person = (id: number): ParticipantInfo => {
  return { id, name: `P${id}`, role: 'student', sound_profile: 'music', tracks: [], present: true, hand: null };
};

const welcome = (resumed: boolean, people = [person(1), person(2)]): ServerMessage => ({
  type: 'welcome',
  you: 1,
  role: 'teacher',
  resume: 'secret',
  resumed,
  snapshot: { room: 'r', kind: 'lesson', started_at: 0, participants: people, chat: [], seats: [null, null], ...PLAIN_ROOM },
});

/** Lets promises run; no timer fires. */
const settle = () => vi.advanceTimersByTimeAsync(0);

describe('a session', () => {
  let session: Session;
  let phases: Phase[];
  let refused: string[];
  let mutedBy: [string, number | null][];

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] });
    vi.stubGlobal('WebSocket', FakeSocket);
    vi.stubGlobal('RTCPeerConnection', FakePeerConnection);
    vi.stubGlobal('RTCRtpReceiver', { getCapabilities: () => null });
    vi.stubGlobal('window', new EventTarget());
    vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
    FakeSocket.all = [];
    FakePeerConnection.all = [];
    phases = [];
    refused = [];
    mutedBy = [];
    session = new Session({
      url: 'ws://x/signal',
      token: 't',
      name: 'Eva',
      profile: 'music',
      resume: null,
      events: {
        onPhase: (phase) => phases.push(phase),
        onRoom: () => undefined,
        onSeats: () => undefined,
        onMutedBy: (source, by) => mutedBy.push([source, by]),
        onRefused: (code) => refused.push(code),
        onResume: () => undefined,
      },
    });
    await session.publish('microphone', fakeTrack('audio'), false);
    await session.publish('camera', fakeTrack('video'), true);
    session.start();
  });

  it('sends sound at once, and pictures from the moment there is a way for them', async () => {
    FakeSocket.last.accept();
    FakeSocket.last.say(welcome(false));
    await settle();
    const pc = FakePeerConnection.last;
    const sent = () => pc.transceivers.map(({ sender }) => (sender.track as MediaStreamTrack | null)?.kind ?? null);
    expect(sent().slice(0, 2)).toEqual(['audio', null]);
    expect(FakeSocket.last.of('offer')[0]?.tracks.map(({ source }) => source)).toEqual(['microphone', 'camera']);
    await session.publish('camera', fakeTrack('video'), false);
    expect(sent().slice(0, 2)).toEqual(['audio', null]);
    pc.become('connected');
    expect(sent().slice(0, 2)).toEqual(['audio', 'video']);
    pc.become('disconnected');
    await session.publish('screen', fakeTrack('video'), false);
    expect(sent().filter((kind) => kind === 'video')).toHaveLength(2);
  });

  afterEach(() => {
    session.leave();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  async function answerLastOffer(): Promise<void> {
    await settle();
    const offer = FakeSocket.last.of('offer').at(-1);
    if (!offer) throw new Error('no offer');
    FakeSocket.last.say({ type: 'answer', id: offer.id, sdp: 'v=0\r\n' });
    await settle();
  }

  async function enter(): Promise<void> {
    FakeSocket.last.accept();
    FakeSocket.last.say(welcome(false));
    await answerLastOffer();
    FakePeerConnection.last.become('connected');
  }

  /** The socket is lost and comes back. */
  async function comeBack(resumed: boolean, ...tracks: TrackInfo[]): Promise<void> {
    FakeSocket.last.break();
    await vi.advanceTimersByTimeAsync(200);
    FakeSocket.last.accept();
    FakeSocket.last.say(welcome(resumed, [{ ...person(1), tracks }, person(2)]));
    await settle();
  }

  /** The server tells how it sees our own tracks. */
  const mine = (...tracks: TrackInfo[]): ServerMessage => ({
    type: 'participant_changed',
    participant: { ...person(1), tracks },
  });

  const saidMutes = () => FakeSocket.last.of('set_muted').map(({ source, muted }) => [source, muted]);

  const lastOffer = () => FakeSocket.last.of('offer').at(-1);

  it('joins, offers its tracks and two seats, and is connected', async () => {
    await enter();
    expect(FakeSocket.last.sent[0]).toMatchObject({ type: 'join', token: 't', name: 'Eva', resume: null });
    expect(lastOffer()).toMatchObject({
      fresh: true,
      tracks: [
        { mid: '0', source: 'microphone', muted: false },
        { mid: '1', source: 'camera', muted: true },
      ],
      seats: [
        { audio_mid: '2', video_mid: '3' },
        { audio_mid: '4', video_mid: '5' },
      ],
    });
    expect(phases.map((phase) => phase.kind)).toEqual(['starting', 'connected']);
  });

  it('goes on with the same connection when the server still knows it', async () => {
    await enter();
    await comeBack(true);
    expect(FakeSocket.last.sent[0]).toMatchObject({ type: 'join', resume: 'secret' });
    expect(FakePeerConnection.all).toHaveLength(1);
    expect(lastOffer()).toMatchObject({ fresh: false });
    expect(FakePeerConnection.last.restarts).toEqual([false, true]);
    expect(phases.at(-1)?.kind).toBe('connected');
  });

  it('makes a new connection with the same tracks and the same mutes after a restart of the server', async () => {
    await enter();
    session.setMuted('microphone', true);
    await comeBack(false);
    expect(FakePeerConnection.all).toHaveLength(2);
    expect(FakePeerConnection.all[0]?.closed).toBe(true);
    expect(lastOffer()).toMatchObject({
      fresh: true,
      tracks: [
        { source: 'microphone', muted: true },
        { source: 'camera', muted: true },
      ],
    });
  });

  it('never unmutes by coming back, whoever muted and whenever', async () => {
    await enter();
    FakeSocket.last.say({ type: 'muted_by', source: 'microphone', by: 2 });
    await comeBack(true);
    expect(lastOffer()?.tracks.map((track) => track.muted)).toEqual([true, true]);
    FakeSocket.last.break();
    // Unmuted by hand while away: then, and only then, it is on again.
    session.setMuted('microphone', false);
    await vi.advanceTimersByTimeAsync(400);
    FakeSocket.last.accept();
    FakeSocket.last.say(welcome(false));
    await settle();
    expect(lastOffer()?.tracks.map((track) => track.muted)).toEqual([false, true]);
    // The server remembered the old mute; an offer does not lift it, saying so does.
    FakeSocket.last.say(mine({ source: 'microphone', muted: true, muted_by_other: false }));
    expect(saidMutes()).toEqual([['microphone', false]]);
  });

  it('takes over its own mute from before a reload, and says so', async () => {
    await enter();
    expect(saidMutes()).toEqual([]);
    FakeSocket.last.say(mine({ source: 'microphone', muted: true, muted_by_other: false }));
    expect(mutedBy).toEqual([['microphone', null]]);
    expect(saidMutes()).toEqual([]);
    session.setMuted('microphone', false);
    expect(saidMutes()).toEqual([['microphone', false]]);
  });

  it('lifts a mute from before by the tap that opened the device', async () => {
    await enter();
    await session.publish('second_camera', fakeTrack('video'), false);
    session.setMuted('second_camera', false);
    expect(saidMutes()).toEqual([['second_camera', false]]);
  });

  it('says an unmute again that was lost with the socket', async () => {
    await enter();
    session.setMuted('microphone', true);
    session.setMuted('microphone', false);
    await comeBack(true, { source: 'microphone', muted: true, muted_by_other: false });
    expect(saidMutes()).toEqual([['microphone', false]]);
    expect(mutedBy).toEqual([]);
  });

  it('says a mute again that was lost with the socket', async () => {
    await enter();
    session.setMuted('microphone', true);
    await comeBack(true, { source: 'microphone', muted: false, muted_by_other: false });
    expect(saidMutes()).toEqual([['microphone', true]]);
  });

  it('says a mute again that the server lost because it came too fast', async () => {
    await enter();
    FakeSocket.last.say(mine({ source: 'microphone', muted: false, muted_by_other: false }));
    session.setMuted('microphone', true);
    FakeSocket.last.say({ type: 'error', code: 'too_fast', id: null });
    await vi.advanceTimersByTimeAsync(1000);
    expect(saidMutes()).toEqual([
      ['microphone', true],
      ['microphone', true],
    ]);
  });

  it('stays muted by a moderator who did it while we were away', async () => {
    await enter();
    await comeBack(true, { source: 'microphone', muted: true, muted_by_other: true });
    expect(lastOffer()?.tracks[0]).toMatchObject({ source: 'microphone', muted: true });
    expect(saidMutes()).toEqual([]);
    expect(mutedBy).toEqual([['microphone', null]]);
  });

  it('mutes nobody by a wish from before, whoever has that number now', async () => {
    await enter();
    FakeSocket.last.break();
    expect(session.ask({ type: 'mute_other', participant: 2, source: 'microphone' })).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    FakeSocket.last.accept();
    FakeSocket.last.say(welcome(false));
    await settle();
    expect(FakeSocket.last.of('mute_other')).toEqual([]);
  });

  it('comes back with the profile that was chosen meanwhile', async () => {
    await enter();
    FakeSocket.last.break();
    session.setProfile('studio');
    await vi.advanceTimersByTimeAsync(200);
    FakeSocket.last.accept();
    expect(FakeSocket.last.of('join')[0]?.sound_profile).toBe('studio');
  });

  it('opens another seat before somebody needs it, without a new connection', async () => {
    await enter();
    FakeSocket.last.say({ type: 'participant_joined', participant: person(3) });
    await settle();
    expect(lastOffer()).toMatchObject({ fresh: false });
    expect(lastOffer()?.seats).toHaveLength(4);
    expect(FakePeerConnection.all).toHaveLength(1);
  });

  it('asks for few offers when many come', async () => {
    await enter();
    for (let id = 3; id <= 9; id += 1) {
      FakeSocket.last.say({ type: 'participant_joined', participant: person(id) });
      await answerLastOffer();
    }
    expect(FakeSocket.last.of('offer').map(({ seats }) => seats.length)).toEqual([2, 4, 9]);
  });

  it('sends one offer at a time, and what was asked meanwhile with the next', async () => {
    await enter();
    session.setProfile('studio');
    await settle();
    FakeSocket.last.say({ type: 'participant_joined', participant: person(3) });
    await session.publish('screen', fakeTrack('video'), false);
    await settle();
    expect(FakeSocket.last.of('offer')).toHaveLength(2);
    await answerLastOffer();
    expect(FakeSocket.last.of('offer')).toHaveLength(3);
    expect(lastOffer()?.seats).toHaveLength(4);
    expect(lastOffer()?.tracks.map((track) => track.source)).toEqual(['microphone', 'camera', 'screen']);
  });

  it('notices a dead socket within five seconds', async () => {
    await enter();
    const socket = FakeSocket.last;
    await vi.advanceTimersByTimeAsync(6700);
    expect(socket.of('ping').length).toBeGreaterThan(0);
    expect(phases.some((phase) => phase.kind === 'reconnecting')).toBe(true);
  });

  it('keeps a living socket', async () => {
    await enter();
    for (let i = 0; i < 20; i += 1) {
      await vi.advanceTimersByTimeAsync(1000);
      FakeSocket.last.say({ type: 'pong', id: i });
    }
    expect(FakeSocket.all).toHaveLength(1);
  });

  it('looks for the way anew when media fails, and makes a new connection when that does not help', async () => {
    await enter();
    FakePeerConnection.last.become('failed');
    await answerLastOffer();
    expect(FakePeerConnection.last.restarts.at(-1)).toBe(true);
    const beat = setInterval(() => {
      FakeSocket.last.say({ type: 'pong', id: 1 });
    }, 1000);
    await vi.advanceTimersByTimeAsync(7000);
    clearInterval(beat);
    expect(FakePeerConnection.all).toHaveLength(2);
    expect(lastOffer()).toMatchObject({ fresh: true });
  });

  it('offers again a second later when the server had too many offers', async () => {
    await enter();
    session.setProfile('studio');
    await settle();
    FakeSocket.last.say({ type: 'error', code: 'too_fast', id: lastOffer()?.id ?? null });
    await vi.advanceTimersByTimeAsync(900);
    expect(FakeSocket.last.of('offer')).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(200);
    expect(FakeSocket.last.of('offer')).toHaveLength(3);
    expect(FakeSocket.all).toHaveLength(1);
    expect(refused).toEqual([]);
  });

  it('makes a new connection when the server refuses what the old one offers', async () => {
    await enter();
    session.setProfile('studio');
    await settle();
    FakeSocket.last.say({ type: 'error', code: 'offer_refused', id: lastOffer()?.id ?? null });
    await settle();
    expect(FakePeerConnection.all).toHaveLength(2);
    expect(FakePeerConnection.all[0]?.closed).toBe(true);
    expect(lastOffer()).toMatchObject({ fresh: true });
  });

  it('does not hurry to make a third connection when the second is refused too', async () => {
    await enter();
    session.setProfile('studio');
    await settle();
    for (let i = 0; i < 2; i += 1) {
      FakeSocket.last.say({ type: 'error', code: 'offer_refused', id: lastOffer()?.id ?? null });
      await settle();
    }
    await vi.advanceTimersByTimeAsync(3000);
    expect(FakePeerConnection.all).toHaveLength(2);
  });

  it('waits for a sound as its sender sends it', async () => {
    await enter();
    const buffers = () => FakePeerConnection.last.transceivers.slice(2).map(({ receiver }) => receiver.jitterBufferTarget);
    const seats: ServerMessage = { type: 'seats', seats: [{ participant: 2, stream: 'main' }, null] };
    FakeSocket.last.say(seats);
    expect(buffers()[0]).toBe(60);
    FakeSocket.last.say({ type: 'participant_changed', participant: { ...person(2), sound_profile: 'speech' } });
    expect(buffers()[0]).toBeNull();
  });

  it('ends when the server closes for good, though its last word was lost', async () => {
    await enter();
    FakeSocket.last.break(4000, 'room_full');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(phases.at(-1)).toEqual({ kind: 'ended', reason: { kind: 'refused', code: 'room_full' } });
    expect(FakeSocket.all).toHaveLength(1);
  });

  it('ends when the server says so, and stays ended', async () => {
    await enter();
    FakeSocket.last.say({ type: 'error', code: 'replaced_elsewhere', id: null });
    FakeSocket.last.break();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(phases.at(-1)).toEqual({ kind: 'ended', reason: { kind: 'refused', code: 'replaced_elsewhere' } });
    expect(FakeSocket.all).toHaveLength(1);
  });

  it('takes a refused wish lightly', async () => {
    await enter();
    FakeSocket.last.say({ type: 'error', code: 'not_allowed', id: null });
    expect(refused).toEqual(['not_allowed']);
    expect(phases.at(-1)?.kind).toBe('connected');
  });

  it('writes nothing to nobody: chat stays in its field while the socket is lost', async () => {
    await enter();
    expect(session.ask({ type: 'chat', text: 'Hallo', to: null })).toBe(true);
    FakeSocket.last.break();
    expect(session.ask({ type: 'chat', text: 'Hallo?', to: null })).toBe(false);
  });

  describe('in front of the door', () => {
    const waiting = (hosts: string[]): ServerMessage => ({
      type: 'waiting',
      resume: 'waits',
      role: 'guest',
      room: 'Konferenz',
      kind: 'conference',
      since: 7,
      hosts,
    });

    it('says nothing but its name until it is let in, and then begins as ever', async () => {
      FakeSocket.last.accept();
      FakeSocket.last.say(waiting([]));
      FakeSocket.last.say(waiting(['Eva']));
      session.setMuted('microphone', true);
      session.setView({ wanted: [], pinned: 0, sizes: [] });
      expect(session.ask({ type: 'raise_hand', up: true })).toBe(false);
      await vi.advanceTimersByTimeAsync(2500);
      expect(phases.at(-1)).toEqual({ kind: 'waiting', since: 7, hosts: ['Eva'] });
      expect([...new Set(FakeSocket.last.sent.map(({ type }) => type))]).toEqual(['join', 'ping']);
      expect(FakePeerConnection.all).toHaveLength(0);
      FakeSocket.last.say(welcome(false));
      await settle();
      expect(phases.at(-1)?.kind).toBe('starting');
      expect(FakeSocket.last.of('offer')[0]?.tracks[0]).toMatchObject({ source: 'microphone', muted: true });
      expect(FakeSocket.last.of('set_view')).toHaveLength(1);
    });

    it('keeps its place in the queue when the socket is lost', async () => {
      FakeSocket.last.accept();
      FakeSocket.last.say(waiting([]));
      FakeSocket.last.break();
      await vi.advanceTimersByTimeAsync(200);
      FakeSocket.last.accept();
      expect(FakeSocket.last.of('join')[0]?.resume).toBe('waits');
    });

    it('is where somebody is who was inside and is not any more', async () => {
      await enter();
      FakeSocket.last.break();
      await vi.advanceTimersByTimeAsync(200);
      FakeSocket.last.accept();
      FakeSocket.last.say(waiting([]));
      expect(FakePeerConnection.last.closed).toBe(true);
      expect(session.ask({ type: 'raise_hand', up: true })).toBe(false);
      expect(phases.at(-1)?.kind).toBe('waiting');
      FakePeerConnection.last.become('failed');
      await vi.advanceTimersByTimeAsync(20_000);
      expect(FakePeerConnection.all).toHaveLength(1);
    });

    it('ends when it is turned away', () => {
      FakeSocket.last.accept();
      FakeSocket.last.say(waiting([]));
      FakeSocket.last.say({ type: 'error', code: 'dismissed', id: null });
      expect(phases.at(-1)).toEqual({ kind: 'ended', reason: { kind: 'refused', code: 'dismissed' } });
    });
  });

  describe('in a conference', () => {
    const conference = (others: number, resumed = false): ServerMessage => {
      const people = Array.from({ length: others + 1 }, (_, i) => person(i + 1));
      const message = welcome(resumed, people);
      if (message.type === 'welcome') message.snapshot.kind = 'conference';
      return message;
    };
    const begin = async (others: number) => {
      FakeSocket.last.accept();
      FakeSocket.last.say(conference(others));
      await settle();
      FakeSocket.last.say({ type: 'answer', id: lastOffer()?.id ?? 0, sdp: '' });
      await settle();
      FakePeerConnection.last.become('connected');
    };
    const seats = () => lastOffer()?.seats.map(({ video_mid }) => video_mid !== null) ?? [];

    it('has nine pairs first and seats for sound alone behind them', async () => {
      await begin(3);
      expect(seats()).toEqual([...Array<boolean>(9).fill(true), ...Array<boolean>(6).fill(false)]);
    });

    it('gets more pairs when more is shown, and no seat changes its sound', async () => {
      await begin(39);
      const before = lastOffer()?.seats.map(({ audio_mid }) => audio_mid) ?? [];
      session.setTiles(8);
      await settle();
      expect(FakeSocket.last.of('offer')).toHaveLength(1);
      session.setTiles(25);
      await settle();
      expect(seats()).toEqual([...Array<boolean>(25).fill(true), ...Array<boolean>(6).fill(false)]);
      expect(lastOffer()?.seats.slice(0, before.length).map(({ audio_mid }) => audio_mid)).toEqual(before);
    });

    it('sends only the layers somebody looks at, without an offer, and whatever track is sent', async () => {
      await begin(2);
      const camera = FakePeerConnection.last.transceivers[1];
      expect(camera?.active).toEqual([true, true, true]);
      FakeSocket.last.say({ type: 'send_layers', source: 'camera', layers: 1 });
      await settle();
      expect(camera?.active).toEqual([true, false, false]);
      FakeSocket.last.say({ type: 'send_layers', source: 'camera', layers: 0 });
      await session.publish('camera', fakeTrack('video'), false);
      await settle();
      expect(camera?.active).toEqual([false, false, false]);
      expect(camera?.sender.track).not.toBeNull();
      expect(FakeSocket.last.of('offer')).toHaveLength(1);
    });

    it('says its view once, and again after coming back', async () => {
      await begin(2);
      const view = { wanted: [{ participant: 2, stream: 'main' as const }], pinned: 0, sizes: [{ width: 10, height: 10 }] };
      session.setView(view);
      session.setView({ ...view });
      expect(FakeSocket.last.of('set_view')).toHaveLength(1);
      FakeSocket.last.break();
      session.setView({ ...view, pinned: 1 });
      await vi.advanceTimersByTimeAsync(200);
      FakeSocket.last.accept();
      FakeSocket.last.say(conference(2, true));
      expect(FakeSocket.last.of('set_view')).toEqual([{ type: 'set_view', ...view, pinned: 1 }]);
    });
  });
});
