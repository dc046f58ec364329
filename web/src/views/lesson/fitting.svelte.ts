import type { Attachment } from 'svelte/attachments';
import { fitOf, type Fit, type Size } from './fit';

const NOTHING: Size = { width: 0, height: 0 };
/** Two taps are one double tap when they come this soon after each other, and this near. */
const DOUBLE_TAP_MS = 350;
const DOUBLE_TAP_PX = 40;

/** How one tile shows its picture: by the rule, until somebody chose. Call while the component initialises. */
export class Fitting {
  #picture = $state.raw(NOTHING);
  #tile = $state.raw(NOTHING);
  #chosen = $state.raw<Fit | null>(null);
  readonly #ruled = $derived(fitOf(this.#picture, this.#tile));
  readonly fit: Fit = $derived(this.#chosen ?? this.#ruled.fit);
  /** False where both ways look the same. */
  readonly choice: boolean = $derived(this.#ruled.choice);

  toggle = (): void => {
    this.#chosen = this.fit === 'fill' ? 'whole' : 'fill';
  };

  /** For the `<video>`: knows its own size and the picture's. */
  readonly watch: Attachment<HTMLVideoElement> = (element) => {
    const measure = (): void => {
      this.#picture = { width: element.videoWidth, height: element.videoHeight };
    };
    const observer = new ResizeObserver(() => {
      this.#tile = { width: element.clientWidth, height: element.clientHeight };
    });
    measure();
    observer.observe(element);
    element.addEventListener('loadedmetadata', measure);
    element.addEventListener('resize', measure);
    return () => {
      observer.disconnect();
      element.removeEventListener('loadedmetadata', measure);
      element.removeEventListener('resize', measure);
    };
  };
}

/** Fingers and mice alike: not every tablet makes a double click of two taps. */
export function doubleTap(act: () => void): Attachment<HTMLElement> {
  return (element) => {
    let last: PointerEvent | null = null;
    const onPointerUp = (event: PointerEvent): void => {
      if (!event.isPrimary || event.button !== 0 || (event.target instanceof Element && event.target.closest('button') !== null)) return;
      const before = last;
      last = event;
      if (!before || event.timeStamp - before.timeStamp > DOUBLE_TAP_MS) return;
      if (Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY) > DOUBLE_TAP_PX) return;
      last = null;
      act();
    };
    element.addEventListener('pointerup', onPointerUp);
    return () => { element.removeEventListener('pointerup', onPointerUp); };
  };
}
