import { setSink } from './audio';
import type { PeerSeat } from './peer';

interface Place {
  seat: PeerSeat;
  /** Set where sound is played by Web Audio instead of its element. */
  node: MediaStreamAudioSourceNode | null;
  /** Sound and picture together, so that whoever reads the element finds both. */
  stream: MediaStream;
  sound: HTMLAudioElement;
  picture: HTMLVideoElement | null;
}

/** A context needs a moment to start; only what lasts longer is a refusal. */
const CONTEXT_START_MS = 1000;

export interface PlaybackEvents {
  /** The browser wants a tap before it plays, or stopped wanting one. */
  onBlocked(blocked: boolean): void;
  /** A first picture is there, by seat index. */
  onPicture(index: number): void;
}

/**
 * Plays the seats. Sound has an element of its own, apart from the picture's: a `<video>` waits for its first picture
 * before it plays anything, and sound waits for no picture here.
 */
export class Playback {
  readonly #events: PlaybackEvents;
  readonly #webAudio: (() => AudioContext | null) | null;
  readonly #places: Place[] = [];
  readonly #waiting = new Map<number, HTMLVideoElement>();
  #speaker: string | null = null;
  #blocked = false;
  #context: AudioContext | null = null;
  #contextTimer: ReturnType<typeof setTimeout> | undefined;

  /** `webAudio` gives the context to play through where elements sound wrong (see `playsThroughWebAudio`). */
  constructor(events: PlaybackEvents, webAudio: (() => AudioContext | null) | null = null) {
    this.#events = events;
    this.#webAudio = webAudio;
    document.addEventListener('visibilitychange', this.#onVisible);
    // The first tap anywhere is as good as one on a button made for it.
    document.addEventListener('pointerup', this.#onTap);
    document.addEventListener('keyup', this.#onTap);
  }

  /** The seats of the present peer connection; elements that show a seat go on with its new tracks. */
  setSeats(seats: readonly PeerSeat[]): void {
    this.#places.splice(seats.length).forEach((place, i) => {
      // A new peer connection may begin with fewer seats; the element waits for its seat to come again.
      if (place.picture) this.#waiting.set(seats.length + i, place.picture);
      release(place);
    });
    seats.forEach((seat, index) => {
      const place = this.#places[index];
      if (place?.seat === seat) return;
      const picture = place?.picture ?? this.#waiting.get(index) ?? null;
      this.#waiting.delete(index);
      const next = place?.seat.audio === seat.audio ? { ...place, seat, picture, stream: streamOf(seat) } : this.#sound(seat, picture, place);
      this.#places[index] = next;
      if (picture) this.#showPicture(picture, next);
    });
  }

  /** The sound of a seat, in the element of the one before. */
  #sound(seat: PeerSeat, picture: HTMLVideoElement | null, before: Place | undefined): Place {
    before?.node?.disconnect();
    const sound = before?.sound ?? this.#makeSound();
    sound.srcObject = new MediaStream([seat.audio.receiver.track]);
    this.#play(sound);
    const place: Place = { seat, stream: streamOf(seat), sound, picture, node: null };
    this.#routeToWebAudio(place);
    return place;
  }

  /** Shows seat `index` in this element until the returned function is called. */
  show(element: HTMLVideoElement, index: number): () => void {
    const onPicture = () => {
      this.#events.onPicture(index);
    };
    element.addEventListener('loadeddata', onPicture);
    element.addEventListener('resize', onPicture);
    const place = this.#places[index];
    if (place) {
      place.picture = element;
      this.#showPicture(element, place);
      this.expectPicture(index);
    } else {
      this.#waiting.set(index, element);
    }
    return () => {
      element.removeEventListener('loadeddata', onPicture);
      element.removeEventListener('resize', onPicture);
      const now = this.#places[index];
      if (now?.picture === element) now.picture = null;
      if (this.#waiting.get(index) === element) this.#waiting.delete(index);
      element.srcObject = null;
    };
  }

  /** Somebody else sits in `index`, or the camera came on: tells by `onPicture` when the next picture is really there. */
  expectPicture(index: number): void {
    const element = this.#places[index]?.picture;
    if (element && 'requestVideoFrameCallback' in element) {
      element.requestVideoFrameCallback(() => {
        this.#events.onPicture(index);
      });
    } else if (element) {
      this.#events.onPicture(index);
    }
  }

  setSpeaker(speaker: string | null): void {
    this.#speaker = speaker;
    for (const place of this.#places) void setSink(place.sound, speaker);
  }

  /** Within a tap: plays what was refused. */
  playAll(): void {
    this.#setBlocked(false);
    this.#watchContext();
    for (const place of this.#places) {
      this.#play(place.sound);
      if (place.picture) this.#play(place.picture);
    }
  }

  close(): void {
    document.removeEventListener('visibilitychange', this.#onVisible);
    document.removeEventListener('pointerup', this.#onTap);
    document.removeEventListener('keyup', this.#onTap);
    this.#context?.removeEventListener('statechange', this.#onContextState);
    clearTimeout(this.#contextTimer);
    this.#places.splice(0).forEach(release);
  }

  readonly #onTap = () => {
    if (this.#blocked) this.playAll();
  };

  /** Tablets pause elements in the background and do not always go on by themselves. */
  readonly #onVisible = () => {
    if (document.visibilityState !== 'visible') return;
    this.#watchContext();
    for (const { sound, picture } of this.#places) {
      if (sound.paused) this.#play(sound);
      if (picture?.paused) this.#play(picture);
    }
  };

  /**
   * Where Web Audio plays, its muted elements are never refused: the context is, without a word (no tap yet, a telephone
   * call). Asking for it also asks it to go on.
   */
  #watchContext(): AudioContext | null {
    const context = this.#webAudio?.() ?? null;
    if (context && context !== this.#context) {
      this.#context?.removeEventListener('statechange', this.#onContextState);
      this.#context = context;
      context.addEventListener('statechange', this.#onContextState);
    }
    this.#onContextState();
    return context;
  }

  readonly #onContextState = () => {
    clearTimeout(this.#contextTimer);
    if (!this.#context) return;
    if (this.#context.state === 'running') {
      this.#setBlocked(false);
      return;
    }
    this.#contextTimer = setTimeout(() => {
      this.#setBlocked(true);
    }, CONTEXT_START_MS);
  };

  #routeToWebAudio(place: Place): void {
    const context = this.#watchContext();
    if (!context) return;
    // The element still runs, silently: without it some browsers decode nothing.
    place.sound.muted = true;
    place.node = context.createMediaStreamSource(new MediaStream([place.seat.audio.receiver.track]));
    place.node.connect(context.destination);
  }

  #makeSound(): HTMLAudioElement {
    const element = document.createElement('audio');
    element.hidden = true;
    document.body.append(element);
    if (this.#speaker !== null) void setSink(element, this.#speaker);
    return element;
  }

  #showPicture(element: HTMLVideoElement, place: Place): void {
    prepareVideo(element);
    element.srcObject = place.stream;
    this.#play(element);
  }

  #play(element: HTMLMediaElement): void {
    element.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.#setBlocked(true);
    });
  }

  #setBlocked(blocked: boolean): void {
    if (this.#blocked === blocked) return;
    this.#blocked = blocked;
    this.#events.onBlocked(blocked);
  }
}

function streamOf({ audio, video }: PeerSeat): MediaStream {
  return new MediaStream(video ? [audio.receiver.track, video.receiver.track] : [audio.receiver.track]);
}

function release({ node, sound, picture }: Place): void {
  node?.disconnect();
  sound.srcObject = null;
  sound.remove();
  if (picture) picture.srcObject = null;
}

/** Attributes Safari insists on; `autoplay` stays away, `play()` is called instead. */
function prepareVideo(element: HTMLVideoElement): void {
  element.playsInline = true;
  element.muted = true;
  element.disablePictureInPicture = true;
}

/** Shows one of our own tracks. Returns the detach function. */
export function showOwn(element: HTMLVideoElement, stream: MediaStream): () => void {
  prepareVideo(element);
  element.srcObject = stream;
  element.play().catch(() => undefined);
  return () => {
    element.srcObject = null;
  };
}
