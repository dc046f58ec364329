/** Lets the group of own pictures be dragged; it comes to rest in the nearest corner, so that it never covers the middle. */
import type { Corner } from '../room/preferences.svelte';

// Less than this is a tap with a trembling finger.
const DRAG_THRESHOLD_PX = 8;

export interface Movable {
  moveTo(corner: Corner): void;
  dragging(now: boolean): void;
}

export function nearestCorner(x: number, y: number, stage: DOMRect): Corner {
  const vertical = y < stage.top + stage.height / 2 ? 'top' : 'bottom';
  const horizontal = x < stage.left + stage.width / 2 ? 'left' : 'right';
  return `${vertical}-${horizontal}`;
}

/** The corner an arrow key leads to; the same one when there is nothing further that way. */
export function cornerBeside(corner: Corner, key: string): Corner | null {
  const [vertical, horizontal] = corner.split('-') as ['top' | 'bottom', 'left' | 'right'];
  switch (key) {
    case 'ArrowUp':
      return `top-${horizontal}`;
    case 'ArrowDown':
      return `bottom-${horizontal}`;
    case 'ArrowLeft':
      return `${vertical}-left`;
    case 'ArrowRight':
      return `${vertical}-right`;
    default:
      return null;
  }
}

const clockwise: Readonly<Record<Corner, Corner>> = {
  'top-left': 'top-right',
  'top-right': 'bottom-right',
  'bottom-right': 'bottom-left',
  'bottom-left': 'top-left',
};

export function nextCorner(corner: Corner): Corner {
  return clockwise[corner];
}

/** Lets an element glide from where it was seen to where it now lies. */
export function glide(element: HTMLElement, before: DOMRect): void {
  element.style.removeProperty('translate');
  const after = element.getBoundingClientRect();
  const dx = before.left - after.left;
  const dy = before.top - after.top;
  if (dx === 0 && dy === 0) return;
  element.style.setProperty('transition', 'none');
  element.style.setProperty('translate', `${dx}px ${dy}px`);
  // Reading the box makes the start position real before the transition begins.
  element.getBoundingClientRect();
  element.style.removeProperty('transition');
  element.style.removeProperty('translate');
}

/** Attachment: pointer dragging by mouse, pen and finger. */
export function draggable(movable: Movable): (element: HTMLElement) => () => void {
  return (element) => {
    let start: { readonly x: number; readonly y: number; readonly id: number } | null = null;
    let moved = false;

    const down = (event: PointerEvent): void => {
      if (event.button !== 0) return;
      start = { x: event.clientX, y: event.clientY, id: event.pointerId };
      moved = false;
    };
    const move = (event: PointerEvent): void => {
      if (start?.id !== event.pointerId) return;
      const dx = event.clientX - start.x;
      const dy = event.clientY - start.y;
      if (!moved && Math.hypot(dx, dy) < DRAG_THRESHOLD_PX) return;
      if (!moved) {
        moved = true;
        movable.dragging(true);
      }
      element.style.setProperty('translate', `${dx}px ${dy}px`);
    };
    const end = (event: PointerEvent): void => {
      if (start?.id !== event.pointerId) return;
      start = null;
      if (!moved) return;
      movable.dragging(false);
      const stage = element.parentElement?.getBoundingClientRect();
      const box = element.getBoundingClientRect();
      if (stage) movable.moveTo(nearestCorner(box.left + box.width / 2, box.top + box.height / 2, stage));
    };
    // The click that ends a drag is no tap on the handle. After a finger's drag none comes, and a key's click (no detail) is meant.
    const click = (event: MouseEvent): void => {
      if (!moved || event.detail === 0) return;
      event.stopPropagation();
      event.preventDefault();
      moved = false;
    };
    // Moves are heard at the window: a quick flick leaves the element before its second event. Capturing the pointer would
    // do too, but takes the click away from the handle inside.
    element.addEventListener('pointerdown', down);
    element.addEventListener('click', click, { capture: true });
    window.addEventListener('pointermove', move);
    window.addEventListener('pointerup', end);
    window.addEventListener('pointercancel', end);
    return () => {
      element.removeEventListener('pointerdown', down);
      element.removeEventListener('click', click, { capture: true });
      window.removeEventListener('pointermove', move);
      window.removeEventListener('pointerup', end);
      window.removeEventListener('pointercancel', end);
    };
  };
}
