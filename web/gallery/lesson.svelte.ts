import type { CaptureState, ChatLine, ChatPartner, LessonView, LinkInfo, Notice, Participant, RoomView, Seat, SoundProfile, Toast, WaitingPerson } from '../src/state/types';
import { devices, goodLevel, override } from './join.svelte';
import { attach, picture, type PictureName } from './pictures';
import { goodProof } from './proof';

const nothing = (): void => undefined;
const MINUTE = 60_000;

export function person(id: number, name: string, change: Partial<Participant> = {}): Participant {
  return {
    id,
    name,
    initials: name.split(/[\s-]+/).map((word) => word.slice(0, 1)).slice(0, 2).join(''),
    role: 'student',
    isMe: false,
    soundProfile: 'music',
    microphone: 'on',
    camera: 'on',
    sharesScreen: false,
    present: true,
    speaking: false,
    beyondSeats: false,
    ...change,
  };
}

export const teacher = person(1, 'Frau Lindqvist-Baumgärtner', { role: 'teacher', isMe: true });
export const hannah = person(2, 'Hannah');
export const longNamed = person(3, 'Aurelia-Sophie Maximiliane von Hohenlohe-Waldburg-Zeil', { speaking: true });
export const deniz = person(4, 'Deniz Yılmaz', { microphone: 'off' });

export function seat(participant: Participant, index: number, change: Partial<Seat> = {}): Seat {
  return { key: `${participant.id}-${index}`, index, stream: 'main', participant, picture: 'on', ...change };
}

const faces: readonly PictureName[] = ['lesson', 'third', 'fourth', 'score'];

export const chatLines: readonly ChatLine[] = [
  { id: 1, name: 'Hannah', text: 'Soll ich noch mal ab Takt 12 spielen?', mine: false, privately: null, sentAt: Date.parse('2026-11-23T16:04:00') },
  { id: 2, name: 'Frau Lindqvist-Baumgärtner', text: 'Ja, bitte. Langsam, und am Anfang ganz leise.', mine: true, privately: null, sentAt: Date.parse('2026-11-23T16:05:00') },
  { id: 3, name: 'Aurelia-Sophie von Hohenlohe-Waldburg', text: 'https://beispiel.example/eine/sehr/lange/adresse/ohne/leerzeichen/die/umbrechen/muss.pdf\nZweite Zeile', mine: false, privately: null, sentAt: Date.parse('2026-11-23T16:06:00') },
];

export interface LessonFixture {
  readonly link: LinkInfo;
  readonly seats?: readonly Seat[];
  readonly notices?: readonly Notice[];
  readonly toasts?: readonly Toast[];
  readonly lines?: readonly ChatLine[];
  readonly unread?: number;
  readonly microphone?: CaptureState;
  readonly camera?: CaptureState;
  readonly lobby?: readonly WaitingPerson[];
  /** Whose pictures are 16:9, as cameras of computers have it. */
  readonly locked?: boolean;
  readonly wide?: boolean;
  readonly change?: Partial<LessonView>;
}

export function chat(name: string, fixture: Pick<LessonFixture, 'lines' | 'unread'>, nameOf: (id: number) => string = () => ''): LessonView['chat'] {
  let draft = $state('');
  let to = $state<ChatPartner | null>(null);
  let lines = $state<readonly ChatLine[]>(fixture.lines ?? []);
  let unread = $state(fixture.unread ?? 0);
  return {
    get lines() {
      return lines;
    },
    get unread() {
      return unread;
    },
    get to() {
      return to;
    },
    setTo: (participant) => { to = participant === null ? null : { id: participant, name: nameOf(participant) }; },
    problem: null,
    get draft() {
      return draft;
    },
    write: (text) => { draft = text; },
    send: (text) => {
      if (text.trim() === '') return Promise.resolve(false);
      lines = [...lines, { id: lines.length + 1, name, text, mine: true, privately: to, sentAt: Date.now() }];
      return Promise.resolve(true);
    },
    setOpen: (open) => { if (open) unread = 0; },
  };
}

export type Door = Pick<RoomView, 'lobby' | 'admit' | 'admitAll' | 'dismissWaiting' | 'locked' | 'setLocked'>;

/** Who waits in front of it, and whether it is locked. */
export function door(fixture: { readonly lobby?: readonly WaitingPerson[]; readonly locked?: boolean }): Door {
  let lobby = $state.raw(fixture.lobby ?? []);
  let locked = $state(fixture.locked ?? (fixture.lobby ?? []).length > 0);
  return {
    get lobby() {
      return lobby;
    },
    admit: (id) => { lobby = lobby.filter((one) => one.id !== id); },
    admitAll: () => { lobby = []; },
    dismissWaiting: (id) => { lobby = lobby.filter((one) => one.id !== id); },
    get locked() {
      return locked;
    },
    setLocked: (next) => { locked = next; },
  };
}

export function lesson(fixture: LessonFixture): LessonView {
  const seats = fixture.seats ?? [seat(hannah, 0)];
  const me = { ...teacher, role: fixture.link.role, name: fixture.link.name };
  let microphone = $state<CaptureState>(fixture.microphone ?? { kind: 'on' });
  let camera = $state<CaptureState>(fixture.camera ?? { kind: 'on' });
  let profile = $state<SoundProfile>('music');
  const toggled = (state: CaptureState): CaptureState => ({ kind: state.kind === 'on' ? 'off' : 'on' });
  const others = new Map(seats.map(({ participant }) => [participant.id, participant]));
  const view: Omit<LessonView, keyof Door> = {
    link: fixture.link,
    startedAt: Date.now() - 7 * MINUTE,
    connection: { kind: 'connected', quality: 'good' },
    reconnectNow: nothing,
    participants: [me, ...others.values()],
    me,
    seats,
    showSeat: (element, index) => (seats[index]?.picture === 'on' ? attach(element, seats[index].stream === 'screen' ? 'score' : fixture.wide === true ? 'wide' : (faces[index] ?? 'third')) : nothing),
    get self() {
      return camera.kind === 'on' ? { stream: picture('teacher'), mirrored: true } : null;
    },
    secondPicture: null,
    screenPicture: null,
    showOwnPicture: (element, which) => attach(element, which === 'camera' ? 'teacher' : 'score'),
    get microphone() {
      return microphone;
    },
    get camera() {
      return camera;
    },
    level: goodLevel,
    toggleMicrophone: () => { microphone = toggled(microphone); },
    toggleCamera: () => { camera = toggled(camera); },
    flipCamera: nothing,
    secondCamera: { kind: 'unavailable' },
    toggleSecondCamera: nothing,
    screen: { kind: 'unavailable' },
    toggleScreen: nothing,
    get soundProfile() {
      return profile;
    },
    setSoundProfile: (next) => { profile = next; },
    headphones: 'yes',
    answerHeadphones: nothing,
    devices,
    chat: chat(me.name, fixture),
    mayMuteOthers: fixture.link.role === 'teacher',
    muteOther: nothing,
    notices: fixture.notices ?? [],
    repair: nothing,
    dismiss: nothing,
    toasts: fixture.toasts ?? [],
    proof: goodProof,
    leave: nothing,
  };
  const whole = Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(view), ...Object.getOwnPropertyDescriptors(door(fixture)) }) as LessonView;
  return override(whole, fixture.change ?? {});
}

export function notice(what: Notice['what'], repair: Notice['repair'], placement: Notice['placement'] = 'banner', dismissible = false): Notice {
  return { id: what.kind, placement, what, repair, dismissible };
}
