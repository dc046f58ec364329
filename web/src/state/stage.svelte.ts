import type { SeatedStream } from '../generated/wire';
import type { RoomState } from '../core/room';
import { seatKey, streamsOf } from '../core/seats';
import type { Layout } from './conference';
import { raisedHands } from './persons';
import {
  chooseLarge,
  Dominant,
  noteSpeakers,
  PAGE_MAX,
  pageOf,
  pagesOf,
  pageWith,
  type Places,
  settleGrid,
  settleStrip,
} from './tiles';

/** Who is where: the grid with its pages, and the large tile with its strip. Told of the room after every change. */
export class Stage {
  layout = $state<Layout>('grid');
  pinned = $state.raw<string | null>(null);
  large = $state.raw<string | null>(null);
  strip = $state.raw<readonly string[]>([]);
  #places = $state.raw<Places>([]);
  #page = $state(0);
  #perPage = $state(9);
  #slots = $state(4);
  /** The layout to go back to when what changed it by itself ends. */
  #back: Layout | null = null;
  /** Something (a screen, the spotlight) draws everybody's eyes. */
  #draws = false;
  #recent: readonly number[] = [];
  #streams: ReadonlyMap<string, SeatedStream> = new Map();
  /** In order of appearance. */
  #screens: readonly string[] = [];
  #room: RoomState | null = null;
  readonly #dominant = new Dominant();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Told when the tiles changed by themselves, in time. */
  readonly #onMoved: () => void;

  constructor(onMoved: () => void) {
    this.#onMoved = onMoved;
  }

  get pages(): number {
    return pagesOf(this.#places, this.#perPage);
  }

  get page(): number {
    return Math.min(this.#page, this.pages - 1);
  }

  /** The tiles of the open page. */
  get places(): Places {
    return pageOf(this.#places, this.#perPage, this.page);
  }

  /** How many tiles are shown at most now. */
  get capacity(): number {
    return this.layout === 'grid' ? this.#perPage : this.#slots + 1;
  }

  pageOf(participant: number): number | null {
    return pageWith(this.#places, this.#perPage, seatKey({ participant, stream: 'main' }));
  }

  stream(key: string): SeatedStream | null {
    return this.#streams.get(key) ?? null;
  }

  /** What is to be seen now of others, most important first. */
  get wanted(): readonly SeatedStream[] {
    const tiles = this.layout === 'grid' ? this.places : [this.large, ...this.strip];
    const keys = new Set([this.pinned, ...tiles].filter((key) => key !== null));
    return [...keys].flatMap((key) => this.#streams.get(key) ?? []).filter(({ participant }) => participant !== this.#room?.me);
  }

  setRoomFor(grid: number, strip: number): void {
    this.#perPage = Math.min(PAGE_MAX, Math.max(1, Math.floor(grid)));
    this.#slots = Math.min(PAGE_MAX - 1, Math.max(1, Math.floor(strip)));
    this.#settle();
  }

  setPage(page: number): void {
    this.#page = Math.min(Math.max(0, page), this.pages - 1);
  }

  setLayout(layout: Layout): void {
    this.layout = layout;
    this.#back = null;
  }

  pin(key: string | null): void {
    const known = key !== null && this.#streams.has(key);
    this.pinned = known ? key : null;
    if (known) this.#drawn();
    else if (!this.#draws) this.#goBack();
    this.#settle();
  }

  /** The room is another one than before. */
  take(room: RoomState): void {
    const gone = this.#room?.participants.filter(({ id }) => room.participants.every((p) => p.id !== id)) ?? [];
    for (const { id } of gone) this.#dominant.forget(id);
    this.#room = room;
    this.#streams = streamsByKey(room);
    const screens = [...this.#streams].filter(([, { stream }]) => stream === 'screen').map(([key]) => key);
    this.#screens = [...this.#screens.filter((key) => screens.includes(key)), ...screens.filter((key) => !this.#screens.includes(key))];
    if (this.pinned !== null && !this.#streams.has(this.pinned)) this.pin(null);
    const draws = this.#spotlight !== null || this.#screens.length > 0;
    if (draws && !this.#draws) this.#drawn();
    if (!draws && this.#draws && this.pinned === null) this.#goBack();
    this.#draws = draws;
    this.#recent = noteSpeakers(this.#recent, room.speakers.speaking).filter((id) => room.participants.some((p) => p.id === id));
    this.#settle();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #drawn(): void {
    if (this.layout === 'speaker') return;
    this.#back = this.layout;
    this.layout = 'speaker';
  }

  #goBack(): void {
    if (this.#back) this.layout = this.#back;
    this.#back = null;
  }

  get #spotlight(): string | null {
    const stream = this.#room?.settings.spotlight ?? null;
    const key = stream && stream.participant !== this.#room?.me ? seatKey(stream) : null;
    return key !== null && this.#streams.has(key) ? key : null;
  }

  #settle(): void {
    const room = this.#room;
    if (!room) return;
    const main = (participant: number) => seatKey({ participant, stream: 'main' });
    const mine = main(room.me);
    const others = [...this.#streams.keys()].filter((key) => this.#streams.get(key)?.participant !== room.me);
    this.#places = settleGrid(this.#places, [mine, ...others], this.#perPage);
    this.#listen(room);
    const speaker = this.#dominant.current === null ? null : main(this.#dominant.current);
    this.large = chooseLarge({ pinned: this.pinned, spotlight: this.#spotlight, screens: this.#screens, speaker, others });
    const important = [mine, this.#spotlight, ...this.#screens, speaker].filter((key) => key !== null);
    const ranked = [...important, ...this.#recent.map(main), ...raisedHands(room.participants).map(main), ...others];
    const here = new Set([mine, ...others]);
    here.delete(this.large ?? '');
    this.strip = settleStrip(this.strip, [...new Set(ranked)].filter((key) => here.has(key)), this.#slots);
  }

  #listen({ speakers, me }: RoomState): void {
    clearTimeout(this.#timer);
    const again = this.#dominant.look(
      speakers.speaking.filter((id) => id !== me),
      performance.now(),
    );
    if (again === null) return;
    this.#timer = setTimeout(() => {
      this.#settle();
      this.#onMoved();
    }, again);
  }
}

/** All streams there are, in order of joining. Of my own only the first: my screen is in front of me already. */
function streamsByKey({ participants, me }: RoomState): ReadonlyMap<string, SeatedStream> {
  const streams = participants.flatMap((info) =>
    (info.id === me ? (['main'] as const) : streamsOf(info)).map((stream) => ({ participant: info.id, stream })),
  );
  return new Map(streams.map((stream) => [seatKey(stream), stream]));
}
