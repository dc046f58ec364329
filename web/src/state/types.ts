/**
 * Everything a view sees and can do. Views get an `AppStore` and nothing else: they never touch a socket, a peer
 * connection or a device. All values are reactive (Svelte runes live behind the getters); they are read-only for views,
 * which change them through the methods beside them. No text in here: a view turns kinds into words.
 */
import type { ErrorCode, Role, RoomKind, SoundProfile, StreamKind, TrackSource } from '../generated/wire';

import type { CaptureDevice, CaptureProblem } from '../core/errors';
import type { LinkInfo as LinkAnswer, LinkProblem } from '../core/link';
import type { ConnectionTest } from '../core/probe';
import type { TapeSlice, Verdict, VerdictReason } from '../core/proof';
import type { Environment as SchoolEnvironment } from '../school/state/school.svelte';
import type { ConferenceView, Doors, WaitingView } from './conference';

export type * from './conference';
export type {
  CaptureDevice,
  CaptureProblem,
  ConnectionTest,
  LinkProblem,
  TapeSlice,
  Verdict,
  VerdictReason,
};
export type { ErrorCode, Role, RoomKind, SoundProfile, StreamKind, TrackSource };

/* ------------------------------------------------------------------ pages */

export interface AppStore {
  /** What to show now. Switch on `kind`. */
  readonly screen: Screen;
  /** What this machine is and can; constant while the page is open. */
  readonly browser: BrowserInfo;
}

export type Screen =
  /** Every address that is no join link: the school around the call. `null`: the browser's own environment. */
  | { readonly kind: 'school'; readonly environment: SchoolEnvironment | null }
  /** A join link was opened and the server is asked what it is; usually < 200 ms, show nothing that jumps. */
  | { readonly kind: 'opening' }
  | { readonly kind: 'link_broken'; readonly problem: LinkProblem; retry(): void }
  | { readonly kind: 'join'; readonly join: JoinView }
  /** Also while reconnecting: the picture stays, see `LessonView.connection`. */
  | { readonly kind: 'lesson'; readonly lesson: LessonView }
  /** Joined, but not let in yet. Lessons may be locked too. */
  | { readonly kind: 'waiting'; readonly waiting: WaitingView }
  | { readonly kind: 'conference'; readonly conference: ConferenceView }
  | { readonly kind: 'left'; readonly left: LeftView };

export interface BrowserInfo {
  /** iPadOS calls itself a Mac; this knows better. Decides which repair instructions to show. */
  readonly system: 'ipad' | 'iphone' | 'android' | 'mac' | 'windows' | 'other';
  readonly engine: 'safari' | 'chromium' | 'firefox' | 'other';
  /** False: this browser cannot hold a lesson at all (no WebRTC, or the page is not secure). */
  readonly supported: boolean;
  readonly canShareScreen: boolean;
  readonly canChooseSpeaker: boolean;
}

export interface LinkInfo extends LinkAnswer {
  /** Address as "du" (students of a lesson) or "Sie". */
  readonly address: 'du' | 'Sie';
}

export interface LeftView {
  readonly reason: LeftReason;
  readonly link: LinkInfo;
  /** Back into the room where one was there a moment ago, else to the join page; `null` when that cannot help (the link expired …). */
  readonly again: (() => void) | null;
  /** On the way back: the browser may be asking for the devices. */
  readonly returning: boolean;
  /** To the join page instead, where devices are tried and chosen. */
  readonly check: (() => void) | null;
}

export type LeftReason =
  | { readonly kind: 'left' }
  /** The page was loaded anew in the middle of it. */
  | { readonly kind: 'reloaded' }
  /** The same person joined from another tab or device. */
  | { readonly kind: 'replaced_elsewhere' }
  /** The server refused to go on; `code` has words of its own. */
  | { readonly kind: 'refused'; readonly code: ErrorCode };

/* -------------------------------------------------------------- join page */

export interface JoinView {
  readonly link: LinkInfo;

  readonly name: string;
  setName(name: string): void;
  /** Set once joining was tried with it. */
  readonly nameProblem: 'missing' | 'too_long' | null;

  /** Nothing is opened before the person asks for it: starts `closed`. */
  readonly microphone: CaptureState;
  readonly camera: CaptureState;
  /** Opens both in one request (a browser asks once). A device with a problem gets its page at once, not only when joining. */
  openPreview(): void;
  /** Toggles. A `closed` one is opened. The answer is kept: the person joins with it on or off. */
  toggleMicrophone(): void;
  toggleCamera(): void;

  /** The camera's picture, only while `camera.kind === 'on'`; show it with `showOwnPicture`. */
  readonly preview: OwnPicture | null;
  /** Attach to a muted `<video playsinline>`: `{@attach join.showOwnPicture}`. */
  showOwnPicture(element: HTMLVideoElement): () => void;
  /** Of the opened microphone; all zero while it is closed or off. */
  readonly level: Level;
  readonly devices: DeviceChoice;

  readonly headphones: HeadphonesAnswer;
  answerHeadphones(answer: 'yes' | 'no'): void;

  readonly soundCheck: SoundCheck;
  /** Opens the microphone when needed, records five seconds; nothing leaves the machine. */
  recordSoundCheck(): void;
  playSoundCheck(): void;
  stopSoundCheck(): void;

  readonly connectionTest: ConnectionTest;
  /** Runs once by itself when the page opens. */
  testConnection(): void;
  /** The device says that it has a network again: tests anew, and takes back what was said about the server. */
  networkIsBack(): void;

  /** Things to know before joining (Bluetooth, mono, processing …), most important first. */
  readonly notices: readonly Notice[];
  repair(notice: Notice): void;

  readonly progress: JoinProgress;
  /**
   * Joins. A microphone or camera that is still `closed` is opened now and is on; one the person switched off stays off.
   * When a device has a problem, `progress` becomes `device_problem`: show its own page with `tryDevicesAgain` and `goOnWithout`.
   */
  join(): void;
  /** From the page of a device problem: opens it again, and goes on with what the person was about to do. */
  tryDevicesAgain(): void;
  /** The same without what is missing: "just listen", "without a picture". */
  goOnWithout(): void;
  /** Leaves the page of a device problem, back to the join page. */
  backToForm(): void;
}

export type CaptureState =
  /** Never opened. Joining opens it. */
  | { readonly kind: 'closed' }
  /** The browser asks the person for permission. */
  | { readonly kind: 'asking' }
  | { readonly kind: 'on' }
  /** Switched off by the person (join page) or muted (lesson). */
  | { readonly kind: 'off' }
  | { readonly kind: 'problem'; readonly problem: CaptureProblem };

export type HeadphonesAnswer = 'unanswered' | 'yes' | 'no';

export interface Level {
  /** 0..1 on a meter scale (−60..0 dBFS), already smoothed. */
  readonly value: number;
  /** Highest value of the last second. */
  readonly peak: number;
  /** `none`: nothing opened. `silent`: digital zeros. */
  readonly verdict: 'none' | 'silent' | 'quiet' | 'good' | 'loud';
}

export interface DeviceChoice {
  /** Labels are '' until permission was given; show "Mikrofon 1" then. */
  readonly microphones: readonly DeviceOption[];
  readonly cameras: readonly DeviceOption[];
  /** Empty where the browser cannot choose (`canChooseSpeaker`). */
  readonly speakers: readonly DeviceOption[];
  readonly microphone: string | null;
  readonly camera: string | null;
  readonly speaker: string | null;
  chooseMicrophone(id: string): void;
  chooseCamera(id: string): void;
  chooseSpeaker(id: string): void;
  /** Plays a short soft tone on the chosen speaker. */
  testSpeaker(): void;
}

export interface DeviceOption {
  readonly id: string;
  readonly label: string;
  readonly facing: 'front' | 'back' | null;
}

export type SoundCheck =
  | { readonly kind: 'idle' }
  | { readonly kind: 'recording'; readonly secondsLeft: number }
  /** `heard`: false when nothing but silence was recorded. */
  | { readonly kind: 'recorded'; readonly heard: boolean }
  | { readonly kind: 'playing'; readonly secondsLeft: number }
  | { readonly kind: 'failed'; readonly problem: CaptureProblem | null };

export type JoinProgress =
  | { readonly kind: 'form' }
  | { readonly kind: 'opening_devices' }
  | { readonly kind: 'device_problem'; readonly problem: CaptureProblem }
  | { readonly kind: 'joining' }
  | { readonly kind: 'failed'; readonly problem: JoinProblem };

export type JoinProblem =
  | { readonly kind: 'refused'; readonly code: ErrorCode }
  | { readonly kind: 'server_unreachable' };

/* ------------------------------------------------------------------- room */

/** What a lesson and a conference have in common. */
export interface RoomView extends Doors {
  readonly link: LinkInfo;
  /** Milliseconds since 1970 when the first person came. */
  readonly startedAt: number;

  readonly connection: Connection;
  /** Skips the wait of `reconnecting`. */
  reconnectNow(): void;

  /** Everybody including me, in order of joining. */
  readonly participants: readonly Participant[];
  readonly me: Participant | null;

  readonly self: OwnPicture | null;
  readonly secondPicture: OwnPicture | null;
  readonly screenPicture: OwnPicture | null;
  /** Attach to a muted `<video playsinline>`: `{@attach (element) => lesson.showOwnPicture(element, 'camera')}`. */
  showOwnPicture(element: HTMLVideoElement, which: 'camera' | 'second_camera' | 'screen'): () => void;

  readonly microphone: CaptureState;
  readonly camera: CaptureState;
  readonly level: Level;
  toggleMicrophone(): void;
  toggleCamera(): void;
  /** `null` where there is no second direction to flip to. */
  readonly flipCamera: (() => void) | null;
  readonly secondCamera: ExtraCapture;
  toggleSecondCamera(): void;
  readonly screen: ExtraCapture;
  toggleScreen(): void;

  readonly soundProfile: SoundProfile;
  setSoundProfile(profile: SoundProfile): void;
  readonly headphones: HeadphonesAnswer;
  answerHeadphones(answer: 'yes' | 'no'): void;
  readonly devices: DeviceChoice;

  readonly chat: Chat;
  /** Teachers and moderators may mute somebody; nobody can unmute somebody else. */
  readonly mayMuteOthers: boolean;
  muteOther(participant: number, source: TrackSource): void;

  /** What is wrong now, most urgent first; `placement` says where it belongs. A notice stays until solved. */
  readonly notices: readonly Notice[];
  repair(notice: Notice): void;
  dismiss(notice: Notice): void;
  /** Leave by themselves after a few seconds. */
  readonly toasts: readonly Toast[];

  readonly proof: Proof;
  leave(): void;
}

/* ----------------------------------------------------------------- lesson */

export interface LessonView extends RoomView {
  /** Occupied seats only; the order never changes while somebody sits. */
  readonly seats: readonly Seat[];
  /**
   * Attach to the seat's `<video playsinline>`; plays the picture and goes on when the seat's tracks change. Use as
   * `{@attach (element) => lesson.showSeat(element, seat.index)}`. Returns the detach function.
   */
  showSeat(element: HTMLVideoElement, index: number): () => void;
}

export type Connection =
  /** Joined; picture and sound are on their way. */
  | { readonly kind: 'starting' }
  | { readonly kind: 'connected'; readonly quality: 'good' | 'fair' | 'poor' }
  /** Nobody hears us now. It goes on by itself; the place is kept. */
  | {
      readonly kind: 'reconnecting';
      /** Milliseconds since 1970. */
      readonly since: number;
      /** 1, 2, 3 … */
      readonly attempt: number;
      /** The device itself has a network. */
      readonly online: boolean;
      /** How the microphone will be afterwards: as it was. */
      readonly microphone: 'on' | 'off';
    }
  /** For a few seconds after `reconnecting`, then `connected`. */
  | { readonly kind: 'back'; readonly missedSeconds: number; readonly microphone: 'on' | 'off' };

export interface Participant {
  readonly id: number;
  readonly name: string;
  readonly initials: string;
  readonly role: Role;
  readonly isMe: boolean;
  readonly soundProfile: SoundProfile;
  readonly microphone: 'on' | 'off' | 'none';
  readonly camera: 'on' | 'off' | 'none';
  readonly sharesScreen: boolean;
  /** False while their connection is lost and the server keeps their place. */
  readonly present: boolean;
  readonly speaking: boolean;
  /** Neither seen nor heard here: more people came than a page has seats. Never in a conference. */
  readonly beyondSeats: boolean;
}

export interface Seat {
  /** Stable while the same person and stream sits here: use as the key of an each block. */
  readonly key: string;
  readonly index: number;
  readonly stream: StreamKind;
  readonly participant: Participant;
  /** `waiting`: the camera is on, the first picture has not come yet. */
  readonly picture: 'on' | 'waiting' | 'off';
}

export interface OwnPicture {
  readonly stream: MediaStream;
  /** Front cameras are shown mirrored (to their owner only). */
  readonly mirrored: boolean;
}

export type ExtraCapture =
  /** This machine cannot; show no button. */
  | { readonly kind: 'unavailable' }
  | { readonly kind: 'off' }
  | { readonly kind: 'asking' }
  | { readonly kind: 'on'; readonly withSound: boolean }
  | { readonly kind: 'problem'; readonly problem: CaptureProblem };

export interface Chat {
  readonly lines: readonly ChatLine[];
  readonly unread: number;
  /** Whom the next message goes to alone; `null`: to everybody. It stays when that person leaves, and sending says `gone`. */
  readonly to: ChatPartner | null;
  setTo(participant: number | null): void;
  /** Set while a message could not be sent. `gone`: the one it was for is not here any more. */
  readonly problem: 'empty' | 'too_long' | 'not_connected' | 'too_fast' | 'gone' | null;
  /** What is being written; it outlives the panel. */
  readonly draft: string;
  write(draft: string): void;
  /** True once it came back from the server; keep the text in the field until then, and when it is false. */
  send(text: string): Promise<boolean>;
  /** The chat is open: `unread` becomes 0 and stays so. */
  setOpen(open: boolean): void;
}

export interface ChatPartner {
  readonly id: number;
  readonly name: string;
}

export interface ChatLine {
  readonly id: number;
  readonly name: string;
  readonly text: string;
  readonly mine: boolean;
  /** Between me and this person alone (who wrote it, or whom I wrote to; `name` is '' when they left); `null`: for everybody. */
  readonly privately: ChatPartner | null;
  /** Milliseconds since 1970. */
  readonly sentAt: number;
}

/* ------------------------------------------------- warnings and repairs */

export interface Notice {
  readonly id: string;
  /** `banner`: repair banner over the stage. `callout`: beside it. `proof`: in the sound proof only. */
  readonly placement: 'banner' | 'callout' | 'proof';
  readonly what: NoticeKind;
  /** The one button; `null`: nothing to press. */
  readonly repair: Repair | null;
  readonly dismissible: boolean;
}

export type NoticeKind =
  /** On and unmuted, but digital zeros (iPad after a call or Siri). */
  | { readonly kind: 'microphone_silent'; readonly seconds: number }
  /** The system took it (call, Siri, Smart Cover, background). */
  | { readonly kind: 'microphone_interrupted'; readonly while: 'in_front' | 'in_background' }
  | { readonly kind: 'camera_interrupted'; readonly while: 'in_front' | 'in_background' }
  /** Unplugged, or taken away for good. */
  | { readonly kind: 'microphone_lost'; readonly label: string }
  | { readonly kind: 'camera_lost'; readonly label: string }
  | { readonly kind: 'capture_problem'; readonly problem: CaptureProblem }
  /** `enough` for the chosen profile: to be known, not to be repaired. */
  | { readonly kind: 'microphone_mono'; readonly enough: boolean }
  | { readonly kind: 'microphone_bluetooth'; readonly label: string; readonly upToKhz: number | null }
  /** Wanted off, but the browser left it on. */
  | { readonly kind: 'voice_processing'; readonly which: readonly ProcessingStep[] }
  /** No headphones: echo cancellation is on, which costs sound. */
  | { readonly kind: 'echo_cancellation_needed' }
  /** The browser wants a tap before it plays sound. */
  | { readonly kind: 'sound_blocked' }
  /** `name` is '' when nobody says who: while we were away, or we ourselves before a reload. */
  | { readonly kind: 'muted_by'; readonly name: string; readonly source: TrackSource }
  /** A moderator would like to hear us. `repair` unmutes; dismissing it is a "no". */
  | { readonly kind: 'asked_to_unmute'; readonly name: string }
  /** Only one may share at a time, and somebody else does now. */
  | { readonly kind: 'screen_taken_over'; readonly name: string }
  /** More people came than a page has seats: so many are neither seen nor heard. */
  | { readonly kind: 'beyond_seats'; readonly count: number };

export type ProcessingStep = 'echo_cancellation' | 'noise_suppression' | 'automatic_gain';

export type Repair =
  | 'restart_microphone'
  | 'restart_camera'
  | 'use_other_microphone'
  | 'use_other_camera'
  | 'use_builtin_microphone'
  | 'switch_processing_off'
  /** "I am wearing headphones": then the echo canceller is not needed. */
  | 'wear_headphones'
  | 'play_sound'
  | 'unmute'
  | 'try_again';

export interface Toast {
  readonly id: number;
  readonly what:
    | { readonly kind: 'joined' | 'left'; readonly name: string }
    /** In conferences: those who came or went within a few seconds. */
    | { readonly kind: 'several_joined' | 'several_left'; readonly count: number }
    /** Somebody wrote while the chat was closed. For small screens, where nothing else shows it. */
    | { readonly kind: 'message'; readonly line: ChatLine }
    /** We were given the floor. */
    | { readonly kind: 'floor_given' }
    | { readonly kind: 'profile'; readonly profile: SoundProfile; readonly name: string | null }
    | { readonly kind: 'microphone_changed'; readonly label: string }
    | { readonly kind: 'screen_started'; readonly withSound: boolean }
    | { readonly kind: 'screen_ended' }
    | { readonly kind: 'refused'; readonly code: ErrorCode };
}

/* ------------------------------------------------------------ sound proof */

export interface Proof {
  readonly verdict: Verdict;
  /** What we send, `null` without a microphone. */
  readonly sent: SoundDirection | null;
  /** What arrives, one per person with a microphone; in a conference one for all who are heard, whose `name` is ''. */
  readonly received: readonly SoundDirection[];
  readonly network: NetworkProof;
  readonly processing: ProcessingProof;
  /** The notices that belong to sound; the same objects as in `LessonView.notices`. */
  readonly warnings: readonly Notice[];
  /** Measuring costs little, but only an open panel needs the fine tape. */
  setOpen(open: boolean): void;
}

export interface SoundDirection {
  readonly key: string;
  /** The other person's name; '' for everybody. */
  readonly name: string;
  /** In the last 60 s. For `sent`: what the server missed. */
  readonly gaps: { readonly count: number; readonly milliseconds: number };
  /** Oldest first, half a second each, at most 120; shorter in the first minute. The newest is last. */
  readonly tape: readonly TapeSlice[];
  readonly muted: boolean;
  /** `null`: not known yet (show an en dash). */
  readonly bitrateKbps: number | null;
  readonly channels: 'mono' | 'stereo' | null;
  /** Percent of packets in the last 10 s. */
  readonly lostPercent: number | null;
  /** Percent of sound made up by the receiver in the last 10 s; `null` for `sent` (only the receiver knows). */
  readonly concealedPercent: number | null;
  /** Highest frequency the coded sound can carry, in kHz. */
  readonly upToKhz: number | null;
}

export interface NetworkProof {
  readonly roundTripMs: number | null;
  /** Average time sound waits in the receiver's jitter buffer. */
  readonly jitterBufferMs: number | null;
  /** Pause → ear on this way, estimated: half a round trip + buffer + capture. */
  readonly soundMs: number | null;
  readonly transport: 'udp' | 'tcp' | null;
  readonly encrypted: boolean;
}

export interface ProcessingProof {
  /** What the browser says is active now; `null`: it does not tell. */
  readonly echoCancellation: boolean | null;
  readonly noiseSuppression: boolean | null;
  readonly automaticGain: boolean | null;
  /** Right for the headphones answer and the profile? */
  readonly asWanted: boolean;
  readonly headphones: HeadphonesAnswer;
  readonly microphone: string;
  readonly sampleRate: number | null;
}
