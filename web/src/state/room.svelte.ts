import type { ErrorCode, ServerMessage } from '../generated/wire';
import { playsThroughWebAudio } from '../core/browser';
import type { PeerSeat } from '../core/peer';
import { Playback, showOwn } from '../core/playback';
import type { RoomState } from '../core/room';
import { type EndReason, type Phase, Session } from '../core/session';
import { WakeLock } from '../core/wakelock';
import { ChatStore } from './chat.svelte';
import { ConnectionStore } from './connection.svelte';
import type { Equipment } from './equipment.svelte';
import { askedToUnmute, mutedBy, screenTakenOver, soundBlocked } from './notices';
import { initialsOf } from './people';
import { ProofStore } from './proof.svelte';
import type { WaitingPerson } from './conference';
import type {
  CaptureState,
  ChatLine,
  DeviceChoice,
  HeadphonesAnswer,
  LinkInfo,
  Notice,
  OwnPicture,
  Participant,
  RoomView,
  Seat,
  SoundProfile,
  Toast,
  TrackSource,
} from './types';

const TOAST_MS = 5000;
const TOASTS_MAX = 3;

export interface RoomOptions {
  readonly link: LinkInfo;
  readonly url: string;
  readonly token: string;
  readonly name: string;
  readonly resume: string | null;
  readonly equipment: Equipment;
  /** The server took us: show the room. */
  onEntered(): void;
  /** We are in front of the door: show the room before it. */
  onDoor(since: number, hosts: readonly string[]): void;
  /** Neither in nor at the door: not reached, this many attempts so far. */
  onUnreached(attempt: number): void;
  onEnded(reason: EndReason): void;
  onResume(secret: string): void;
}

/** One stay in one room, from the join message to leaving: what lessons and conferences have in common. */
export abstract class RoomStore implements RoomView {
  readonly link: LinkInfo;
  readonly chat: ChatStore;
  readonly proof: ProofStore;
  readonly devices: DeviceChoice;
  abstract readonly participants: readonly Participant[];
  /** Who sits where and is listened to. */
  protected abstract readonly occupied: readonly Seat[];
  toasts = $state.raw<readonly Toast[]>([]);
  protected room = $state.raw<RoomState | null>(null);
  /** Seats whose present occupant's picture was really drawn. */
  protected seen = $state.raw<ReadonlySet<number>>(new Set());
  protected peerSeats: readonly PeerSeat[] = [];
  #blocked = $state(false);
  #mutedBy = $state.raw<Notice | null>(null);
  /** Somebody would like to hear us; our answer is a tap, or none. */
  #asked = $state.raw<Notice | null>(null);
  #takenOver = $state.raw<Notice | null>(null);
  #dismissed = $state.raw<ReadonlySet<string>>(new Set());
  #toastId = 0;
  #inside = false;
  readonly #connection: ConnectionStore;
  readonly #options: RoomOptions;
  protected readonly equipment: Equipment;
  protected readonly session: Session;
  protected readonly playback: Playback;
  readonly #wakeLock = new WakeLock();
  readonly notices: readonly Notice[] = $derived.by(() => this.#allNotices());

  constructor(options: RoomOptions) {
    const { equipment } = options;
    this.link = options.link;
    this.devices = equipment.devices;
    this.#options = options;
    this.equipment = equipment;
    this.#connection = new ConnectionStore(() => ({
      microphone: equipment.microphone.kind === 'on' ? 'on' : 'off',
      verdict: this.proof.verdict,
    }));
    this.chat = new ChatStore((text, to) => this.session.ask({ type: 'chat', text, to }));
    this.playback = new Playback(
      {
        onBlocked: (blocked) => {
          this.#blocked = blocked;
        },
        onPicture: (index) => {
          this.seen = new Set([...this.seen, index]);
        },
      },
      playsThroughWebAudio(equipment.browser) ? () => equipment.audio.context : null,
    );
    this.proof = new ProofStore(equipment, {
      kind: options.link.kind,
      connection: () => this.session.peerConnection,
      peerSeats: () => this.peerSeats,
      seats: () => this.occupied,
      notices: () => this.notices,
      listenerName: () => this.listenerName,
    });
    this.session = this.#makeSession();
  }

  #makeSession(): Session {
    const { url, token, name, resume, onResume } = this.#options;
    return new Session({
      url,
      token,
      name,
      resume,
      profile: this.equipment.profile,
      events: {
        onPhase: (phase) => {
          this.onPhase(phase);
        },
        onRoom: (room, message) => {
          this.#onRoom(room, message);
        },
        onSeats: (seats) => {
          this.onSeats(seats);
        },
        onMutedBy: (source, by) => {
          this.#onMutedBy(source, by);
        },
        onRefused: (code) => {
          this.#onRefused(code);
        },
        onResume,
      },
    });
  }

  start(): void {
    const { media } = this.equipment;
    this.equipment.listener = {
      onPublish: (source, track, muted) => {
        void this.session.publish(source, track, muted);
      },
      onMuted: (source, muted) => {
        this.session.setMuted(source, muted);
        if (!muted && this.#mutedBySource === source) this.#mutedBy = null;
        if (!muted && source === 'microphone') this.#asked = null;
      },
      onProfile: (profile) => {
        this.session.setProfile(profile);
      },
      onScreenEnded: () => {
        this.toast({ kind: 'screen_ended' });
      },
      onMicrophoneChanged: (label) => {
        this.toast({ kind: 'microphone_changed', label });
      },
    };
    this.equipment.onSpeaker = (speaker) => {
      this.playback.setSpeaker(speaker);
    };
    this.playback.setSpeaker(this.equipment.speaker);
    for (const source of ['microphone', 'camera'] as const) {
      const track = media.track(source);
      if (track) void this.session.publish(source, track, this.equipment[source].kind !== 'on');
      if (this.equipment.saidOn(source)) this.session.setMuted(source, false);
    }
    this.session.start();
  }

  get peerConnection(): RTCPeerConnection | null {
    return this.session.peerConnection;
  }
  get startedAt(): number {
    return this.room?.startedAt ?? Date.now();
  }
  get connection() {
    return this.#connection.value;
  }
  get me(): Participant | null {
    return this.participants.find((participant) => participant.isMe) ?? null;
  }
  get self(): OwnPicture | null {
    return this.equipment.picture;
  }
  get secondPicture(): OwnPicture | null {
    return this.equipment.secondPicture;
  }
  get screenPicture(): OwnPicture | null {
    return this.equipment.screenPicture;
  }
  get microphone(): CaptureState {
    return this.equipment.microphone;
  }
  get camera(): CaptureState {
    return this.equipment.camera;
  }
  get level() {
    return this.equipment.level;
  }
  get secondCamera() {
    return this.equipment.secondCamera;
  }
  get screen() {
    return this.equipment.screenShare;
  }
  get soundProfile() {
    return this.equipment.profile;
  }
  get headphones() {
    return this.equipment.headphones;
  }
  get mayMuteOthers(): boolean {
    const role = this.room?.role;
    return role === 'teacher' || role === 'moderator';
  }
  get locked(): boolean {
    return this.room?.settings.locked ?? false;
  }
  get lobby(): readonly WaitingPerson[] {
    return (this.room?.lobby ?? []).map(({ id, name, role, since }) => ({ id, name, role, since, initials: initialsOf(name) }));
  }
  get flipCamera(): (() => void) | null {
    return this.equipment.canFlip ? this.#flip : null;
  }

  readonly #flip = (): void => {
    void this.equipment.flipCamera();
  };

  reconnectNow = (): void => {
    this.session.reconnectNow();
  };

  showOwnPicture = (element: HTMLVideoElement, which: 'camera' | 'second_camera' | 'screen'): (() => void) => {
    const pictures = { camera: this.self, second_camera: this.secondPicture, screen: this.screenPicture };
    const picture = pictures[which];
    return picture ? showOwn(element, picture.stream) : () => undefined;
  };

  toggleMicrophone = (): void => {
    void this.equipment.toggleMicrophone();
  };
  toggleCamera = (): void => {
    void this.equipment.toggleCamera();
  };
  toggleSecondCamera = (): void => {
    void this.equipment.toggleSecondCamera();
  };
  toggleScreen = (): void => {
    void this.equipment.toggleScreen().then(() => {
      const { screen } = this;
      if (screen.kind === 'on') this.#takenOver = null;
      // Whoever shares a recording believes it is heard: the browser's own question decides that, easily overlooked.
      if (screen.kind === 'on') this.toast({ kind: 'screen_started', withSound: screen.withSound });
    });
  };
  setSoundProfile = (profile: SoundProfile): void => {
    if (profile === this.soundProfile) return;
    void this.equipment.setProfile(profile);
    this.toasts = this.toasts.filter(({ what }) => what.kind !== 'profile' || what.name !== null);
    this.toast({ kind: 'profile', profile, name: null });
  };
  answerHeadphones = (answer: Exclude<HeadphonesAnswer, 'unanswered'>): void => {
    void this.equipment.answerHeadphones(answer);
  };
  muteOther = (participant: number, source: TrackSource): void => {
    this.session.ask({ type: 'mute_other', participant, source });
  };

  admit = (id: number): void => {
    this.session.ask({ type: 'admit', participants: [id] });
  };
  admitAll = (): void => {
    this.session.ask({ type: 'admit_all' });
  };
  dismissWaiting = (id: number): void => {
    this.session.ask({ type: 'dismiss', participant: id });
  };
  setLocked = (locked: boolean): void => {
    this.session.ask({ type: 'set_locked', locked });
  };

  repair = (notice: Notice): void => {
    if (notice.repair === 'play_sound') this.playback.playAll();
    else if (notice.repair === 'unmute' && notice.what.kind === 'muted_by') this.#unmute(notice.what.source);
    else if (notice.repair === 'unmute' && notice.what.kind === 'asked_to_unmute') this.#unmute('microphone');
    else this.equipment.repair(notice);
  };

  dismiss = (notice: Notice): void => {
    this.dismissed(notice);
    if (notice === this.#mutedBy) this.#mutedBy = null;
    else if (notice === this.#asked) this.#asked = null;
    else if (notice === this.#takenOver) this.#takenOver = null;
    else if (notice.what.kind === 'capture_problem') this.equipment.dismissProblem();
    else this.#dismissed = new Set([...this.#dismissed, notice.id]);
  };

  leave = (): void => {
    this.session.leave();
  };

  /** Frees everything but the equipment. */
  close(): void {
    this.equipment.listener = null;
    this.playback.close();
    this.proof.close();
    this.#connection.close();
    this.#wakeLock.release();
  }

  /** Gives up before the room was entered. */
  cancel(): void {
    this.session.leave();
    this.close();
  }

  #unmute(source: TrackSource): void {
    this.#mutedBy = this.#asked = null;
    if (source === 'microphone' || source === 'camera') void this.equipment.switchOn(source);
  }

  get #mutedBySource(): TrackSource | null {
    const what = this.#mutedBy?.what;
    return what?.kind === 'muted_by' ? what.source : null;
  }

  #allNotices(): Notice[] {
    const notices = [
      ...(this.#blocked ? [soundBlocked()] : []),
      ...[this.#asked, this.#mutedBy, this.#takenOver].filter((notice) => notice !== null),
      ...this.equipment.notices,
      ...this.ownNotices(),
    ];
    return notices.filter((notice) => !this.#dismissed.has(notice.id));
  }

  /** What only this kind of room has to say. */
  protected ownNotices(): readonly Notice[] {
    return [];
  }

  /** One of `ownNotices` was dismissed. */
  protected dismissed(_notice: Notice): void {
    // Most kinds of rooms remember nothing of it.
  }

  /** Whom we speak to; '' when that is nobody or many. */
  protected abstract get listenerName(): string;

  /** Told after every change, before anybody sees it. */
  protected abstract roomChanged(before: RoomState | null, room: RoomState, message: ServerMessage): void;

  protected onPhase(phase: Phase): void {
    if (phase.kind === 'ended') {
      this.close();
      this.#options.onEnded(phase.reason);
      return;
    }
    if (phase.kind === 'waiting') {
      this.#inside = false;
      this.room = null;
      this.#wakeLock.acquire();
      this.#options.onDoor(phase.since, phase.hosts);
      return;
    }
    if (phase.kind === 'starting' && !this.#inside) {
      this.#inside = true;
      this.#wakeLock.acquire();
      this.#options.onEntered();
    }
    if (phase.kind === 'reconnecting' && !this.#inside) this.#options.onUnreached(phase.attempt);
    else this.#connection.take(phase);
  }

  #onRoom(room: RoomState, message: ServerMessage): void {
    const before = this.room;
    this.room = room;
    this.#forgetPictures(before, room);
    if (before?.participants !== room.participants) this.chat.takePeople(room.participants);
    const line = this.chat.take(room.chat, room.me, message.type === 'welcome' ? 'snapshot' : 'line');
    if (line) this.#toastMessage(line);
    if (message.type === 'asked_to_unmute' && this.microphone.kind !== 'on') this.#asked = askedToUnmute(this.#nameOf(message.by));
    if (message.type === 'screen_taken_over') {
      this.equipment.endScreen();
      this.#takenOver = screenTakenOver(this.#nameOf(message.by));
    }
    this.roomChanged(before, room, message);
  }

  #nameOf(id: number | null): string {
    return this.room?.participants.find((participant) => participant.id === id)?.name ?? '';
  }

  /** Who sits down or switches the camera on is shown when the first own picture is there, never the one before. */
  #forgetPictures(before: RoomState | null, room: RoomState): void {
    const key = (state: RoomState | null, index: number) => {
      const seated = state?.seats[index];
      const info = state?.participants.find((p) => p.id === seated?.participant);
      return JSON.stringify([seated, info?.tracks.filter((track) => track.source !== 'microphone')]);
    };
    const changed = room.seats.flatMap((_, index) => (key(before, index) === key(room, index) ? [] : [index]));
    if (changed.length === 0) return;
    this.seen = new Set([...this.seen].filter((index) => !changed.includes(index)));
    for (const index of changed) this.playback.expectPicture(index);
  }

  protected onSeats(seats: readonly PeerSeat[]): void {
    const renewed = seats[0] !== this.peerSeats[0];
    this.peerSeats = [...seats];
    if (renewed) this.seen = new Set();
    this.playback.setSeats(seats);
  }

  #onMutedBy(source: TrackSource, by: number | null): void {
    this.equipment.mutedByOther(source);
    this.#mutedBy = mutedBy(this.#nameOf(by), source);
  }

  #onRefused(code: ErrorCode): void {
    if (!this.chat.refused(code)) this.toast({ kind: 'refused', code });
  }

  /** One at a time: the newest is the one to look at. */
  #toastMessage(line: ChatLine): void {
    this.toasts = this.toasts.filter(({ what }) => what.kind !== 'message');
    this.toast({ kind: 'message', line });
  }

  protected toast(what: Toast['what']): void {
    this.#toastId += 1;
    const toast = { id: this.#toastId, what };
    this.toasts = [...this.toasts, toast].slice(-TOASTS_MAX);
    setTimeout(() => {
      this.toasts = this.toasts.filter((other) => other !== toast);
    }, TOAST_MS);
  }
}
