/** A conference behind the views: the state's rules in small, with drawn people. */
import type {
  CaptureState,
  ChatLine,
  ConferenceView,
  Hearing,
  Layout,
  LinkInfo,
  Notice,
  Person,
  PersonAction,
  PassingReaction,
  RoomView,
  ScreenPolicy,
  StreamKind,
  Tile,
  Toast,
  WaitingPerson,
  WaitingView,
} from '../src/state/types';
import { devices, goodLevel, noLevel, override } from './join.svelte';
import { chat, door, person as participant, type Door } from './lesson.svelte';
import { attach, picture, type PictureName } from './pictures';
import { goodProof } from './proof';

const nothing = (): void => undefined;
const MINUTE = 60_000;

export const staffLink: LinkInfo = {
  room: 'kollegium',
  kind: 'conference',
  role: 'moderator',
  name: 'Dr. Andrea Hoffmeister',
  title: 'Lehrerkonferenz November',
  school: 'Musikschule Lindental',
  address: 'Sie',
};
export const attendeeLink: LinkInfo = { ...staffLink, role: 'attendee', name: 'Annegret Sedlmayr' };

const who: readonly (readonly [string, PictureName | null])[] = [
  ['Ayşe Demirtaş-Wollschläger', 'p01'],
  ['Thomas Ölschläger', 'p02'],
  ['Dr. Maximiliane von Schellendorf-Kaltenbrunner', 'p03'],
  ['Kofi Mensah', 'p04'],
  ['Birgit Hahn', null],
  ['Jean-Baptiste Delacroix', 'p06'],
  ['Małgorzata Wiśniewska', 'p07'],
  ['Uwe Petersen', 'p08'],
  ['Linh Trần', 'p09'],
  ['Søren Kjærgaard', 'p10'],
  ['Franziska Freudenreich', 'p11'],
  ['Igor Ponomarenko', 'p12'],
  ['Ines Vogt', 'p13'],
  ['Bartholomäus Unterrichter-Hofmann', 'p14'],
  ['Sabine Krüger', 'p15'],
  ['Matteo Bianchi', 'p16'],
  ['Renate Zöllner', null],
  ['Yuki Tanaka', 'p18'],
  ['Carla Sommer', 'p19'],
  ['Holger Brandt', 'p20'],
  ['Nadja Petrović', 'p21'],
  ['Emil Lang', null],
  ['Gudrun Weißhaupt', 'p23'],
  ['Paul Ott', 'p24'],
];
const more = ['Aleksandra Nowicka', 'Jörg Schäfer', 'Fatima El-Sayed', 'Benedikt Großmann', 'Chiara Rossi', 'Đorđe Jovanović', 'Henrike Vogelsang', 'Tim Çelik', 'Ingrid Solberg', 'Leonhard Weiß', 'Mira Okonkwo', 'Peter Zhang', 'Rosa Álvarez', 'Stefan Hübner', 'Ulrike Baumgart'];

/** Person number `id` (0 is me); from 25 on they share drawings. */
function named(id: number): readonly [string, PictureName | null] {
  return who[id - 1] ?? [more[(id - 1 - who.length) % more.length] ?? `Person ${String(id)}`, who[(id * 7) % who.length]?.[1] ?? null];
}

export interface ConferenceFixture {
  readonly link?: LinkInfo;
  readonly count: number;
  readonly layout?: Layout;
  readonly page?: number;
  readonly speaking?: readonly number[];
  /** Ids in the order of raised hands. */
  readonly hands?: readonly number[];
  readonly floor?: number;
  readonly allMuted?: boolean;
  readonly paused?: readonly number[];
  readonly waitingPictures?: readonly number[];
  readonly away?: readonly number[];
  /** Whose place is free. */
  readonly gaps?: readonly number[];
  readonly screensOf?: readonly number[];
  readonly spotlight?: number;
  readonly pinned?: number;
  readonly signs?: readonly PassingReaction[];
  readonly lobby?: readonly WaitingPerson[];
  readonly lines?: readonly ChatLine[];
  readonly unread?: number;
  readonly notices?: readonly Notice[];
  readonly toasts?: readonly Toast[];
  readonly microphone?: CaptureState;
  readonly camera?: CaptureState;
  readonly longNames?: boolean;
  readonly change?: Partial<ConferenceView>;
}

export const waitingPeople: readonly WaitingPerson[] = [
  { id: 101, name: 'Gabriele Oberländer', initials: 'GO', role: 'attendee', since: Date.now() - 3 * MINUTE },
  { id: 102, name: 'Herr Hoffmann, Stadtverwaltung Lindental', initials: 'HL', role: 'guest', since: Date.now() - 20_000 },
];

export const conferenceLines: readonly ChatLine[] = [
  { id: 1, name: 'Thomas Ölschläger', text: 'Der Raum 2.07 ist ab Januar wieder frei.', mine: false, privately: null, sentAt: Date.parse('2026-11-23T18:04:00') },
  { id: 2, name: 'Ayşe Demirtaş-Wollschläger', text: 'Danke! Hier der Plan für das Weihnachtskonzert:\nhttps://beispiel.example/ablauf/weihnachtskonzert-2026-entwurf-3', mine: false, privately: null, sentAt: Date.parse('2026-11-23T18:06:00') },
  { id: 3, name: 'Dr. Andrea Hoffmeister', text: 'Bitte bis Freitag die Stückdauern eintragen.', mine: true, privately: null, sentAt: Date.parse('2026-11-23T18:09:00') },
  { id: 4, name: 'Kofi Mensah', text: 'Ich muss um 18:45 Uhr los, geht mein Punkt vorher?', mine: false, privately: { id: 4, name: 'Kofi Mensah' }, sentAt: Date.parse('2026-11-23T18:11:00') },
  { id: 5, name: 'Dr. Andrea Hoffmeister', text: 'Ja, als Nächstes.', mine: true, privately: { id: 4, name: 'Kofi Mensah' }, sentAt: Date.parse('2026-11-23T18:12:00') },
];

function actionsFor(person: Omit<Person, 'actions'>, leads: boolean, pinned: boolean, spotlight: boolean): PersonAction[] {
  const all: (PersonAction | false)[] = [
    pinned ? 'unpin' : 'pin',
    !person.isMe && 'chat',
    leads && !person.isMe && (person.microphone === 'on' ? 'mute' : 'ask_unmute'),
    leads && !person.isMe && person.camera === 'on' && 'camera_off',
    leads && person.sharesScreen && !person.isMe && 'stop_screen',
    leads && (person.hasFloor ? 'take_floor' : 'give_floor'),
    leads && person.hand !== null && 'lower_hand',
    leads && (spotlight ? 'end_spotlight' : 'spotlight'),
    leads && !person.isMe && 'remove',
  ];
  return all.filter((action) => action !== false);
}

function makePeople(fixture: ConferenceFixture, link: LinkInfo): Person[] {
  const leads = link.role === 'moderator';
  const speaking = fixture.speaking ?? [];
  return Array.from({ length: fixture.count }, (_, id): Person => {
    const isMe = id === 0;
    const [name, face] = isMe ? [link.name, 'leiterin' as const] : named(id);
    const unmuted = !fixture.allMuted && (isMe ? (fixture.microphone ?? { kind: 'on' }).kind === 'on' : speaking.includes(id));
    const hand = (fixture.hands ?? []).indexOf(id);
    const base: Omit<Person, 'actions'> = {
      ...participant(id, fixture.longNames && !isMe ? `${name} von und zu ${named(((id * 5) % 20) + 1)[0]}` : name, {
        role: isMe ? link.role : 'attendee',
        isMe,
        soundProfile: 'speech',
        microphone: unmuted ? 'on' : 'off',
        camera: face === null ? 'off' : 'on',
        sharesScreen: (fixture.screensOf ?? []).includes(id),
        present: !(fixture.away ?? []).includes(id),
        speaking: speaking.includes(id) && !fixture.allMuted,
      }),
      speakingSince: speaking.includes(id) ? Date.now() - 3.5 * MINUTE : null,
      heard: unmuted,
      hand: hand === -1 ? null : hand + 1,
      hasFloor: fixture.floor === id,
      reaction: (fixture.signs ?? []).find((sign) => sign.participant === id)?.reaction ?? null,
    };
    return { ...base, actions: actionsFor(base, leads, fixture.pinned === id, fixture.spotlight === id) };
  });
}

function makeTile(fixture: ConferenceFixture, person: Person, stream: StreamKind = 'main'): Tile {
  const { id } = person;
  const on = fixture.paused?.includes(id) ? 'paused' : fixture.waitingPictures?.includes(id) ? 'waiting' : 'on';
  return {
    key: `${String(id)}-${stream}`,
    stream,
    person,
    picture: stream === 'screen' || person.camera === 'on' ? on : 'off',
    mirrored: person.isMe,
    pinned: fixture.pinned === id && stream === 'main',
    spotlight: fixture.spotlight === id && stream === 'main',
  };
}

const toggled = (state: CaptureState): CaptureState => ({ kind: state.kind === 'on' ? 'off' : 'on' });

/** What a lesson has too. */
function roomPart(fixture: ConferenceFixture, link: LinkInfo, people: readonly Person[]): Omit<RoomView, keyof Door> & Pick<ConferenceView, 'hearing'> {
  let microphone = $state<CaptureState>(fixture.microphone ?? { kind: 'on' });
  let camera = $state<CaptureState>(fixture.camera ?? { kind: 'on' });
  return {
    link,
    startedAt: Date.now() - 12 * MINUTE,
    connection: { kind: 'connected', quality: 'good' },
    reconnectNow: nothing,
    participants: people,
    me: people[0] ?? null,
    self: { stream: picture('leiterin'), mirrored: true },
    secondPicture: null,
    screenPicture: null,
    showOwnPicture: (element) => attach(element, 'leiterin'),
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
    screen: { kind: 'off' },
    toggleScreen: nothing,
    soundProfile: 'speech',
    setSoundProfile: nothing,
    headphones: 'yes',
    answerHeadphones: nothing,
    devices,
    chat: chat(link.name, fixture, (id) => people[id]?.name ?? ''),
    mayMuteOthers: link.role === 'moderator',
    muteOther: nothing,
    notices: fixture.notices ?? [],
    repair: nothing,
    dismiss: nothing,
    toasts: fixture.toasts ?? [],
    proof: goodProof,
    leave: nothing,
    get hearing(): Hearing {
      return microphone.kind === 'on' ? { kind: 'all' } : { kind: 'nobody', because: 'off' };
    },
  };
}

type Seen = Pick<ConferenceView, 'layout' | 'grid' | 'stage' | 'setLayout' | 'setRoomFor' | 'setPage' | 'showPageOf' | 'pin' | 'showTile'>;

/** What is seen where. */
function seenPart(fixture: ConferenceFixture, people: readonly Person[]): Seen {
  let layout = $state<Layout>(fixture.layout ?? 'grid');
  let page = $state(fixture.page ?? 0);
  let fits = $state.raw({ grid: 25, strip: 5 });
  const tiles = [
    ...(fixture.screensOf ?? []).flatMap((id) => (people[id] ? [makeTile(fixture, people[id], 'screen')] : [])),
    ...people.map((person) => makeTile(fixture, person)),
  ];
  const places = tiles.map((tile) => (fixture.gaps?.includes(tile.person.id) ? null : tile));
  const pages = $derived(Math.max(1, Math.ceil(places.length / fits.grid)));
  const open = $derived(Math.min(page, pages - 1));
  const pageOf = (id: number): number => Math.floor(places.findIndex((tile) => tile?.person.id === id) / fits.grid);
  const first = fixture.pinned ?? fixture.spotlight ?? fixture.speaking?.[0] ?? 1;
  const large = tiles.find((tile) => tile.stream === 'screen') ?? tiles.find(({ person }) => person.id === first && !person.isMe) ?? null;
  const stage = $derived.by(() => {
    const rest = tiles.filter((tile) => tile !== large);
    const before = [...rest.filter(({ person }) => person.isMe), ...rest.filter(({ stream }) => stream === 'screen'), ...rest.filter(({ person }) => person.hand !== null)];
    const strip = [...new Set([...before, ...rest])].slice(0, fits.strip);
    return { large, strip, more: rest.length - strip.length };
  });
  return {
    get layout() {
      return layout;
    },
    get grid() {
      return {
        page: open,
        pages,
        places: places.slice(open * fits.grid, (open + 1) * fits.grid),
        speakingElsewhere: people.filter(({ id, speaking }) => speaking && pageOf(id) !== open).map((person) => ({ person, page: pageOf(person.id) })),
      };
    },
    get stage() {
      return stage;
    },
    setLayout: (next) => { layout = next; },
    setRoomFor: (tilesThatFit) => { fits = tilesThatFit; },
    setPage: (next) => { page = next; },
    showPageOf: (id) => { page = pageOf(id); },
    pin: nothing,
    showTile: (element, key) => {
      const tile = tiles.find((one) => one.key === key);
      if (!tile || tile.picture === 'off' || tile.picture === 'waiting') return nothing;
      if (tile.stream === 'screen') return attach(element, 'score');
      return attach(element, tile.person.isMe ? 'leiterin' : (named(tile.person.id)[1] ?? 'p01'));
    },
  };
}

/** Who leads and what people say without words. */
function ledPart(fixture: ConferenceFixture, link: LinkInfo, people: readonly Person[], writeTo: (id: number) => void): Omit<ConferenceView, keyof RoomView | keyof Seen | 'hearing'> {
  let search = $state('');
  let handUp = $state(false);
  let screens = $state<ScreenPolicy>('one');
  let chime = $state(false);
  let announceSpeakers = $state(false);
  return {
    people,
    myself: people[0] ?? null,
    mayLead: link.role === 'moderator',
    get search() {
      return search;
    },
    setSearch: (text) => { search = text; },
    get found() {
      return people.filter((person) => person.name.toLocaleLowerCase().includes(search.toLocaleLowerCase()));
    },
    act: (id, action) => { if (action === 'chat') writeTo(id); },
    muteAll: nothing,
    hands: (fixture.hands ?? []).flatMap((id, index) => (people[id] ? [{ person: people[id], order: index + 1, since: index === 0 ? Date.now() - 2 * MINUTE : null }] : [])),
    get handUp() {
      return handUp;
    },
    toggleHand: () => { handUp = !handUp; },
    get chime() {
      return chime;
    },
    setChime: (on) => { chime = on; },
    react: nothing,
    reactions: fixture.signs ?? [],
    get screens() {
      return screens;
    },
    setScreens: (next) => { screens = next; },
    wouldTakeScreenOf: null,
    announcement: null,
    get announceSpeakers() {
      return announceSpeakers;
    },
    setAnnounceSpeakers: (on) => { announceSpeakers = on; },
    sayWhoSpeaks: nothing,
  };
}

export function conference(fixture: ConferenceFixture): ConferenceView {
  const link = fixture.link ?? staffLink;
  const people = makePeople(fixture, link);
  const room = roomPart(fixture, link, people);
  const parts = [room, door(fixture), seenPart(fixture, people), ledPart(fixture, link, people, (id) => { room.chat.setTo(id); })];
  const whole = Object.defineProperties({}, Object.assign({}, ...parts.map((part) => Object.getOwnPropertyDescriptors(part))) as PropertyDescriptorMap) as ConferenceView;
  return override(whole, fixture.change ?? {});
}

export function waiting(link: LinkInfo, change: Partial<WaitingView> = {}): WaitingView {
  let microphone = $state<CaptureState>({ kind: 'on' });
  let camera = $state<CaptureState>({ kind: 'on' });
  const view: WaitingView = {
    link,
    name: link.name,
    since: Date.now() - 2.2 * MINUTE,
    hosts: ['Frau Lindqvist-Baumgärtner'],
    connected: true,
    get microphone() {
      return microphone;
    },
    get camera() {
      return camera;
    },
    toggleMicrophone: () => { microphone = { kind: microphone.kind === 'on' ? 'off' : 'on' }; },
    toggleCamera: () => { camera = { kind: camera.kind === 'on' ? 'off' : 'on' }; },
    get level() {
      return microphone.kind === 'on' ? goodLevel : noLevel;
    },
    get preview() {
      return camera.kind === 'on' ? { stream: picture('child'), mirrored: true } : null;
    },
    showOwnPicture: (element) => attach(element, link.address === 'du' ? 'child' : 'p04'),
    devices,
    notices: [],
    repair: nothing,
    leave: nothing,
  };
  return override(view, change);
}
