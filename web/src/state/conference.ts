/**
 * What the views of a conference and of the room before it live on, beside `types.ts`, whose rules hold here too: all
 * values are reactive and read-only, and no text is in here. Times are milliseconds since 1970.
 */
import type { Reaction, Role, ScreenPolicy, StreamKind } from '../generated/wire';
import type { CaptureState, DeviceChoice, LinkInfo, Level, Notice, OwnPicture, Participant, RoomView } from './types';

export type { Reaction, ScreenPolicy };

/* ----------------------------------------------------------- waiting room */

/** Somebody waits to be let in. Nobody sees or hears them; their own picture and level go on. */
export interface WaitingView {
  readonly link: LinkInfo;
  /** As the person called itself on the join page. */
  readonly name: string;
  readonly since: number;
  /** Who can let them in; empty: nobody is there yet. */
  readonly hosts: readonly string[];
  /** False while the server is out of reach; the place in the queue is kept, and it goes on by itself. */
  readonly connected: boolean;

  readonly microphone: CaptureState;
  readonly camera: CaptureState;
  toggleMicrophone(): void;
  toggleCamera(): void;
  readonly level: Level;
  readonly preview: OwnPicture | null;
  /** Attach to a muted `<video playsinline>`: `{@attach waiting.showOwnPicture}`. */
  showOwnPicture(element: HTMLVideoElement): () => void;
  readonly devices: DeviceChoice;
  readonly notices: readonly Notice[];
  repair(notice: Notice): void;
  /** Back to the join page. */
  leave(): void;
}

/** The door of a room: who waits in front of it, and whether everybody has to. A lesson has one too. */
export interface Doors {
  /** Who waits to be let in, longest first. Empty for who may not let anybody in. */
  readonly lobby: readonly WaitingPerson[];
  admit(id: number): void;
  admitAll(): void;
  dismissWaiting(id: number): void;
  readonly locked: boolean;
  /** For who leads the room; the server refuses it to everybody else. */
  setLocked(locked: boolean): void;
}

/* -------------------------------------------------------------- conference */

export interface ConferenceView extends RoomView {
  /** Everybody including me: me first, the others by name. */
  readonly people: readonly Person[];
  readonly myself: Person | null;
  /** Whether I am a moderator: lobby, mute, lock, remove, floor, spotlight. */
  readonly mayLead: boolean;

  readonly layout: Layout;
  /** What is seen now: `grid` for the grid, `stage` for the speaker view. */
  readonly grid: GridView;
  readonly stage: StageView;
  /** The person's own choice. Pinning goes to the speaker view; a shared screen or the spotlight may change it by itself and take that back when it ends. */
  setLayout(layout: Layout): void;
  /** How many tiles fit now, told by the view whenever its window changes: on a page of the grid, and in the strip. */
  setRoomFor(tiles: { readonly grid: number; readonly strip: number }): void;
  setPage(page: number): void;
  /** Opens the page of the grid where this person is. */
  showPageOf(participant: number): void;
  /** Keeps this tile large here (a screen, say); `null`: as it comes. A person's action `pin` does it for their camera. */
  pin(key: string | null): void;

  /**
   * Attach to a tile's `<video playsinline>`: `{@attach (element) => conference.showTile(element, key)}` with
   * `const key = $derived(tile.key)`, so that it runs once per tile. It plays the picture, follows it from seat to seat, and
   * tells the server by the element's size what to send: the element fills its tile also while no picture is there (hide
   * it with opacity), and is shown once only. Own tiles too. Sound needs no element.
   */
  showTile(element: HTMLVideoElement, key: string): () => void;

  /** Who hears me now. */
  readonly hearing: Hearing;

  readonly search: string;
  setSearch(text: string): void;
  /** `people`, as far as the search finds them. */
  readonly found: readonly Person[];
  /** Does one of `person.actions`. `chat` chooses the recipient: the view opens the chat. `remove`: the view asks first. */
  act(participant: number, action: PersonAction): void;
  muteAll(): void;

  readonly hands: readonly RaisedHand[];
  readonly handUp: boolean;
  toggleHand(): void;

  /** A soft sound when somebody waits; kept for the next time. It never sounds while the own microphone is on. */
  readonly chime: boolean;
  setChime(on: boolean): void;

  react(reaction: Reaction): void;
  /** Signs of the last seconds, oldest first; each leaves by itself. Tiles show theirs too. */
  readonly reactions: readonly PassingReaction[];

  readonly screens: ScreenPolicy;
  setScreens(screens: ScreenPolicy): void;
  /** Who shares a screen now and would be ended by mine (only one at a time); `null`: nobody. Ask before sharing. */
  readonly wouldTakeScreenOf: string | null;

  /** For screen readers, in measured doses. The newest only; `id` tells two equal ones apart. */
  readonly announcement: Announcement | null;
  /** Says who speaks whenever that changes (at most every few seconds). Off at first; kept for the next time. */
  readonly announceSpeakers: boolean;
  setAnnounceSpeakers(on: boolean): void;
  /** Says who speaks now, once (a shortcut). */
  sayWhoSpeaks(): void;
}

export type Layout = 'grid' | 'speaker';

/** One page of equal tiles. Nobody changes place while there: who leaves leaves a gap, who comes takes the first gap. */
export interface GridView {
  /** From 0. */
  readonly page: number;
  readonly pages: number;
  /** Of the open page, in order; `null` is a gap between two tiles. Columns and rows follow from the length. */
  readonly places: readonly (Tile | null)[];
  /** Who speaks on another page. */
  readonly speakingElsewhere: readonly { readonly person: Person; readonly page: number }[];
}

/** One large tile and a strip of small ones. */
export interface StageView {
  /** Pinned, else the spotlight, else the newest screen, else who speaks or spoke last; `null`: nobody else is here. */
  readonly large: Tile | null;
  /** Me first, then who spoke last. Tiles keep their place in the strip while they are in it. */
  readonly strip: readonly Tile[];
  /** How many people are neither large nor in the strip. */
  readonly more: number;
}

export interface Tile {
  /** Stable while the same stream is here: use as the key of an each block. */
  readonly key: string;
  readonly stream: StreamKind;
  readonly person: Person;
  /**
   * `waiting`: the camera is on, the first picture has not come yet. `paused`: the network is too narrow for it now. `off`:
   * no camera, show initials.
   */
  readonly picture: 'on' | 'waiting' | 'paused' | 'off';
  /** Front cameras are shown mirrored (to their owner only). */
  readonly mirrored: boolean;
  readonly pinned: boolean;
  readonly spotlight: boolean;
}

/** A participant of a conference as a view shows it. */
export interface Person extends Participant {
  /** Speaks or plays since then, for the large tile; `null`: does not. `speaking` says the same. */
  readonly speakingSince: number | null;
  /** Is heard by the others when there is something to hear. */
  readonly heard: boolean;
  /** Place in the order of raised hands, from 1. */
  readonly hand: number | null;
  readonly hasFloor: boolean;
  readonly reaction: Reaction | null;
  /** What I may do with this person now, in the order of a menu. */
  readonly actions: readonly PersonAction[];
}

export type PersonAction =
  | 'pin'
  | 'unpin'
  | 'chat'
  | 'mute'
  | 'ask_unmute'
  | 'camera_off'
  | 'stop_screen'
  | 'give_floor'
  | 'take_floor'
  | 'lower_hand'
  | 'spotlight'
  | 'end_spotlight'
  | 'remove';

export interface RaisedHand {
  readonly person: Person;
  /** From 1. */
  readonly order: number;
  /** `null`: it was up already when I came. */
  readonly since: number | null;
}

export interface WaitingPerson {
  readonly id: number;
  readonly name: string;
  readonly initials: string;
  readonly role: Role;
  readonly since: number;
}

export interface PassingReaction {
  readonly id: number;
  readonly participant: number;
  readonly name: string;
  readonly reaction: Reaction;
}

export type Hearing =
  | { readonly kind: 'all' }
  /** `off`: the microphone is switched off or muted. `none`: there is no microphone, or it is broken. `alone`: nobody else is here. */
  | { readonly kind: 'nobody'; readonly because: 'off' | 'none' | 'connection' | 'alone' }
  /** The microphone is on, but so many sound louder that the others do not get me; the floor changes that. */
  | { readonly kind: 'not_now' };

export interface Announcement {
  readonly id: number;
  readonly what:
    /** `names` holds one or two; more are told by `count`. */
    | { readonly kind: 'joined' | 'left' | 'waiting'; readonly names: readonly string[]; readonly count: number }
    | { readonly kind: 'hand'; readonly name: string; readonly order: number }
    | { readonly kind: 'hand_lowered' }
    /** Empty: nobody speaks. */
    | { readonly kind: 'speaking'; readonly names: readonly string[] }
    /** `name` is `null` when it is me. */
    | { readonly kind: 'floor'; readonly name: string | null }
    | { readonly kind: 'locked' | 'opened' };
}
