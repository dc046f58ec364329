/**
 * Puts what floats beside what it belongs to. The content policy forbids style attributes, so the place is a rule of its own
 * in a constructed style sheet.
 */
const MARGIN_PX = 8;
const GAP_PX = 4;

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}
interface Size {
  readonly width: number;
  readonly height: number;
}

/** Below the anchor where there is room, else above it, else as low as the window allows; always inside the window. */
export function placeBeside(anchor: Box, own: Size, within: Size): { readonly left: number; readonly top: number } {
  const left = Math.max(MARGIN_PX, Math.min(anchor.right - own.width, within.width - own.width - MARGIN_PX));
  const below = anchor.bottom + GAP_PX;
  const above = anchor.top - GAP_PX - own.height;
  if (below + own.height <= within.height - MARGIN_PX) return { left, top: below };
  if (above >= MARGIN_PX) return { left, top: above };
  return { left, top: Math.max(MARGIN_PX, within.height - own.height - MARGIN_PX) };
}

/** Attach to an element with an id and `position: fixed`. */
export function beside(anchor: Element): (floating: HTMLElement) => () => void {
  return (floating) => {
    const sheet = new CSSStyleSheet();
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    const place = (): void => {
      const own = { width: floating.offsetWidth, height: floating.offsetHeight };
      const { left, top } = placeBeside(anchor.getBoundingClientRect(), own, { width: innerWidth, height: innerHeight });
      sheet.replaceSync(`#${CSS.escape(floating.id)} { left: ${String(Math.round(left))}px; top: ${String(Math.round(top))}px; }`);
    };
    place();
    const observer = new ResizeObserver(place);
    observer.observe(floating);
    window.addEventListener('resize', place);
    return () => {
      observer.disconnect();
      window.removeEventListener('resize', place);
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
    };
  };
}
