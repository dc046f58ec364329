import { untrack } from 'svelte';
import type { Reaction, ScreenPolicy, SeatedStream, ServerMessage } from '../generated/wire';
import type { PeerSeat } from '../core/peer';
import { showOwn } from '../core/playback';
import type { RoomState } from '../core/room';
import { seatKey } from '../core/seats';
import { keepSwitch, keptSwitch } from '../core/storage';
import { Sizes } from '../core/sizes';
import { viewOf } from '../core/view';
import type {
  ConferenceView,
  GridView,
  Hearing,
  Layout,
  PassingReaction,
  Person,
  PersonAction,
  RaisedHand,
  StageView,
  Tile,
} from './conference';
import { Crier } from './crier.svelte';
import { pictureOf, toSeats } from './people';
import { byName, hearingOf, mayLead, raisedHands, searchPersons, toPersons } from './persons';
import { Pictures } from './pictures';
import { RoomStore, type RoomOptions } from './room.svelte';
import { SpeakingTimes } from './speaking';
import { Stage } from './stage.svelte';
import type { Seat } from './types';

const REACTION_MS = 5000;
const REACTIONS_MAX = 8;
/** A queue that forms in front of the door rings once. */
const CHIME_EVERY_MS = 10_000;

const main = (participant: number): SeatedStream => ({ participant, stream: 'main' });

/** One conference: many people, of whom as many are seen as fit, and those are heard who say something. */
export class ConferenceStore extends RoomStore implements ConferenceView {
  search = $state('');
  chime = $state(keptSwitch('chime', true));
  announceSpeakers = $state(keptSwitch('announce-speakers', false));
  reactions = $state.raw<readonly PassingReaction[]>([]);
  #speakingSince = $state.raw<ReadonlyMap<number, number>>(new Map());
  /** When each hand went up, as far as this page saw it. */
  #handsSince = $state.raw<ReadonlyMap<number, number>>(new Map());
  #reactionId = 0;
  #chimedAt = -CHIME_EVERY_MS;
  readonly #speaking = new SpeakingTimes();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #crier: Crier;
  readonly #stage: Stage;
  readonly #sizes: Sizes;
  readonly #pictures: Pictures;

  readonly participants: readonly Person[] = $derived.by(() => {
    const { room } = this;
    if (!room) return [];
    const reactions = new Map(this.reactions.map(({ participant, reaction }) => [participant, reaction]));
    const speaking = new Set(room.speakers.speaking);
    return toPersons({ room, speaking, speakingSince: this.#speakingSince, reactions, pinned: this.#stage.pinned });
  });
  readonly people: readonly Person[] = $derived.by(() => byName(this.participants));
  readonly found: readonly Person[] = $derived.by(() => searchPersons(this.people, this.search));
  readonly hands: readonly RaisedHand[] = $derived.by(() => {
    const up = raisedHands(this.room?.participants ?? []).flatMap((id) => this.#person(id) ?? []);
    return up.map((person, i) => ({ person, order: i + 1, since: this.#handsSince.get(person.id) ?? null }));
  });
  readonly grid: GridView = $derived.by(() => this.#grid());
  readonly stage: StageView = $derived.by(() => this.#stageView());
  protected readonly occupied: readonly Seat[] = $derived.by(() =>
    toSeats(this.room?.seats ?? [], this.participants, this.room?.participants ?? [], this.seen),
  );

  constructor(options: RoomOptions) {
    super(options);
    this.#crier = new Crier((what) => {
      this.toast(what);
    });
    this.#stage = new Stage(() => {
      this.#report();
    });
    this.#sizes = new Sizes(() => {
      this.#report();
    });
    this.#pictures = new Pictures(this.playback, (index) => {
      this.seen = new Set([...this.seen].filter((other) => other !== index));
    });
  }

  protected get listenerName(): string {
    const [other, more] = this.participants.filter(({ isMe }) => !isMe);
    return other && !more ? other.name : '';
  }

  override close(): void {
    super.close();
    this.#crier.close();
    this.#stage.close();
    this.#sizes.close();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /* -------------------------------------------------------------- who is there */

  get myself(): Person | null {
    return this.participants.find(({ isMe }) => isMe) ?? null;
  }
  get mayLead(): boolean {
    return this.room !== null && mayLead(this.room);
  }
  get handUp(): boolean {
    return (this.myself?.hand ?? null) !== null;
  }
  get screens(): ScreenPolicy {
    return this.room?.settings.screens ?? 'one';
  }
  get announcement() {
    return this.#crier.announcement;
  }
  get hearing(): Hearing {
    const connected = this.connection.kind === 'connected' || this.connection.kind === 'back';
    const heard = this.room?.speakers.heard.includes(this.room.me) ?? false;
    return hearingOf({ connected, others: this.participants.length - 1, microphone: this.microphone.kind, heard });
  }
  get wouldTakeScreenOf(): string | null {
    if (this.screens === 'many') return null;
    return this.participants.find(({ isMe, sharesScreen }) => !isMe && sharesScreen)?.name ?? null;
  }

  setSearch = (text: string): void => {
    this.search = text;
  };

  #person(id: number): Person | null {
    return this.participants.find((person) => person.id === id) ?? null;
  }

  /* --------------------------------------------------------------------- tiles */

  get layout(): Layout {
    return this.#stage.layout;
  }

  setLayout = (layout: Layout): void => {
    this.#stage.setLayout(layout);
    this.#report();
  };
  setRoomFor = ({ grid, strip }: { readonly grid: number; readonly strip: number }): void => {
    this.#stage.setRoomFor(grid, strip);
    this.#report();
  };
  setPage = (page: number): void => {
    this.#stage.setPage(page);
    this.#report();
  };
  showPageOf = (participant: number): void => {
    const page = this.#stage.pageOf(participant);
    if (page !== null) this.setPage(page);
  };
  pin = (key: string | null): void => {
    this.#stage.pin(key);
    this.#report();
  };

  /** An attachment must not run again whenever something in the room changes. */
  showTile = (element: HTMLVideoElement, key: string): (() => void) => untrack(() => this.#show(element, key));

  #show(element: HTMLVideoElement, key: string): () => void {
    if (this.room && key === seatKey(main(this.room.me))) return this.#showMyself(element);
    const stops = [this.#pictures.show(element, key), this.#sizes.watch(element, key)];
    return () => {
      untrack(() => {
        for (const stop of stops) stop();
      });
    };
  }

  /** The own camera is opened anew now and then; its tile stays. */
  #showMyself(element: HTMLVideoElement): () => void {
    return $effect.root(() => {
      $effect(() => (this.self ? showOwn(element, this.self.stream) : undefined));
    });
  }

  #grid(): GridView {
    const { page, pages } = this.#stage;
    const speakers = this.participants.filter(({ speaking, isMe }) => speaking && !isMe);
    const elsewhere = speakers.flatMap((person) => {
      const at = this.#stage.pageOf(person.id);
      return at === null || at === page ? [] : [{ person, page: at }];
    });
    return { page, pages, places: this.#stage.places.map((key) => this.#tile(key)), speakingElsewhere: elsewhere };
  }

  #stageView(): StageView {
    const large = this.#tile(this.#stage.large);
    const strip = this.#stage.strip.flatMap((key) => this.#tile(key) ?? []);
    const shown = new Set([large, ...strip].map((tile) => tile?.person.id));
    return { large, strip, more: this.participants.filter(({ id }) => !shown.has(id)).length };
  }

  #tile(key: string | null): Tile | null {
    const stream = key === null ? undefined : this.#stage.stream(key);
    const person = stream && this.#person(stream.participant);
    if (key === null || !stream || !person) return null;
    const spotlight = this.room?.settings.spotlight ?? null;
    return {
      key,
      stream: stream.stream,
      person,
      picture: person.isMe ? (this.self ? 'on' : 'off') : this.#picture(stream),
      mirrored: person.isMe && (this.self?.mirrored ?? false),
      pinned: this.#stage.pinned === key,
      spotlight: spotlight !== null && seatKey(spotlight) === key,
    };
  }

  #picture(stream: SeatedStream): Tile['picture'] {
    const { room } = this;
    const info = room?.participants.find(({ id }) => id === stream.participant);
    const index = this.#pictureSeats.findIndex((seat) => seat !== null && seatKey(seat) === seatKey(stream));
    const picture = info ? pictureOf(stream, info, this.seen.has(index)) : 'off';
    return picture !== 'off' && room?.paused.includes(index) ? 'paused' : picture;
  }

  /** Tells the server what is to be seen and how large. Cheap: what is as before is not said. */
  #report(): void {
    const { room } = this;
    if (!room) return;
    const { wanted, pinned, capacity } = this.#stage;
    this.session.setTiles(capacity);
    const view = viewOf({
      wanted,
      pinned: wanted.filter((stream) => seatKey(stream) === pinned).length,
      seats: room.seats,
      pictures: this.peerSeats.map(({ video }) => video !== null),
      sizes: this.#sizes.seen,
      pixelRatio: window.devicePixelRatio,
    });
    this.session.setView(view);
  }

  protected override onSeats(seats: readonly PeerSeat[]): void {
    super.onSeats(seats);
    this.#followSeats();
    this.#report();
  }

  /* ----------------------------------------------------------------- the room */

  protected roomChanged(before: RoomState | null, room: RoomState, message: ServerMessage): void {
    this.#forgetPaused(before, room);
    this.#followSeats();
    this.#speakingSince = this.#speaking.take(room.speakers.speaking, Date.now());
    this.#stage.take(room);
    this.#report();
    this.#noteHands(before, room);
    // What happened while we were not there is no news.
    if (before && message.type !== 'welcome') this.#tellNews(before, room, message);
    if (message.type === 'reacted') this.#showReaction(message.participant, message.reaction);
  }

  /** Who sits in which picture. Somebody may sit in a seat for sound alone as well, and is not seen there. */
  get #pictureSeats(): readonly (SeatedStream | null)[] {
    return (this.room?.seats ?? []).map((seat, index) => (this.peerSeats[index]?.video === null ? null : seat));
  }

  #followSeats(): void {
    this.#pictures.setSeats(this.#pictureSeats);
  }

  /** A picture that was paused is there again with its next frame, not with its last. */
  #forgetPaused(before: RoomState | null, room: RoomState): void {
    const fresh = room.paused.filter((index) => !before?.paused.includes(index));
    if (fresh.length === 0) return;
    this.seen = new Set([...this.seen].filter((index) => !fresh.includes(index)));
    for (const index of fresh) this.playback.expectPicture(index);
  }

  #noteHands(before: RoomState | null, room: RoomState): void {
    const since = new Map<number, number>();
    for (const { id, hand } of room.participants) {
      const known = this.#handsSince.get(id);
      const was = before?.participants.find((p) => p.id === id);
      if (hand === null) continue;
      if (known !== undefined && was?.hand === hand) since.set(id, known);
      else if (was && was.hand === null) since.set(id, Date.now());
    }
    this.#handsSince = since;
  }

  #tellNews(before: RoomState, room: RoomState, message: ServerMessage): void {
    const nameOf = (id: number, state = room) => state.participants.find((p) => p.id === id)?.name ?? '';
    switch (message.type) {
      case 'participant_joined':
        this.#crier.gather('joined', message.participant.name);
        break;
      case 'participant_left':
        this.#crier.gather('left', nameOf(message.participant, before));
        break;
      case 'participant_changed':
        this.#tellHand(before, message.participant.id);
        break;
      case 'lobby':
        this.#tellWaiting(before, room);
        break;
      case 'room_changed':
        this.#tellSettings(before, room, nameOf);
        break;
      case 'speakers':
        this.#crier.speakers(room.speakers.speaking.filter((id) => id !== room.me).map((id) => nameOf(id)), this.announceSpeakers);
        break;
      default:
        break;
    }
  }

  #tellHand(before: RoomState, id: number): void {
    const was = before.participants.find((p) => p.id === id)?.hand ?? null;
    const person = this.#person(id);
    if (!person) return;
    if (!person.isMe && was === null && person.hand !== null) this.#crier.say({ kind: 'hand', name: person.name, order: person.hand });
    if (person.isMe && was !== null && person.hand === null && !this.#lowering) this.#crier.say({ kind: 'hand_lowered' });
    if (person.isMe) this.#lowering = false;
  }

  #tellWaiting(before: RoomState, room: RoomState): void {
    const fresh = room.lobby.filter(({ id }) => before.lobby.every((known) => known.id !== id));
    for (const { name } of fresh) this.#crier.gather('waiting', name);
    const now = performance.now();
    // Never while somebody plays or speaks here: the microphone would hear it.
    if (fresh.length === 0 || !this.chime || this.microphone.kind === 'on' || now - this.#chimedAt < CHIME_EVERY_MS) return;
    this.#chimedAt = now;
    this.equipment.audio.playChime(this.equipment.speaker);
  }

  #tellSettings(before: RoomState, room: RoomState, nameOf: (id: number) => string): void {
    const { locked, floor } = room.settings;
    if (locked !== before.settings.locked) this.#crier.say({ kind: locked ? 'locked' : 'opened' });
    if (floor === before.settings.floor || floor === null) return;
    this.#crier.say({ kind: 'floor', name: floor === room.me ? null : nameOf(floor) });
    if (floor === room.me) this.toast({ kind: 'floor_given' });
  }

  #showReaction(participant: number, reaction: Reaction): void {
    this.#reactionId += 1;
    const passing = { id: this.#reactionId, participant, name: this.#person(participant)?.name ?? '', reaction };
    this.reactions = [...this.reactions, passing].slice(-REACTIONS_MAX);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.reactions = this.reactions.filter((other) => other !== passing);
    }, REACTION_MS);
    this.#timers.add(timer);
  }

  /* ------------------------------------------------------------------ actions */

  /** We lower our own hand: that needs no telling. */
  #lowering = false;

  toggleHand = (): void => {
    this.#lowering = this.handUp;
    this.session.ask({ type: 'raise_hand', up: !this.handUp });
  };
  react = (reaction: Reaction): void => {
    this.session.ask({ type: 'react', reaction });
  };
  muteAll = (): void => {
    this.session.ask({ type: 'mute_all' });
  };
  setScreens = (screens: ScreenPolicy): void => {
    this.session.ask({ type: 'set_screens', screens });
  };
  setChime = (on: boolean): void => {
    this.chime = on;
    keepSwitch('chime', on);
  };
  setAnnounceSpeakers = (on: boolean): void => {
    this.announceSpeakers = on;
    keepSwitch('announce-speakers', on);
  };
  sayWhoSpeaks = (): void => {
    this.#crier.saySpeakers();
  };

  act = (participant: number, action: PersonAction): void => {
    const key = seatKey(main(participant));
    const does: Readonly<Record<PersonAction, () => void>> = {
      pin: () => {
        this.pin(key);
      },
      unpin: () => {
        this.pin(null);
      },
      chat: () => {
        this.chat.setTo(participant);
      },
      mute: () => {
        this.muteOther(participant, 'microphone');
      },
      camera_off: () => {
        this.muteOther(participant, 'camera');
      },
      stop_screen: () => {
        this.muteOther(participant, 'screen');
      },
      ask_unmute: () => this.session.ask({ type: 'ask_unmute', participant }),
      give_floor: () => this.session.ask({ type: 'give_floor', participant }),
      take_floor: () => this.session.ask({ type: 'give_floor', participant: null }),
      lower_hand: () => this.session.ask({ type: 'lower_hand', participant }),
      spotlight: () => this.session.ask({ type: 'set_spotlight', stream: main(participant) }),
      end_spotlight: () => this.session.ask({ type: 'set_spotlight', stream: null }),
      remove: () => this.session.ask({ type: 'remove', participant }),
    };
    does[action]();
  };
}
