/** Finds web addresses in what people write. Everything else stays text, and an address is shown as it was written. */

export interface TextPart {
  readonly text: string;
  /** `null`: plain text. */
  readonly href: string | null;
}

const ADDRESS = /(?<![\p{L}\p{N}])https?:\/\/[^\s<>"„“”«»`]+/giu;
/** Ends a sentence rather than an address. */
const CLOSING = /[.,;:!?'’*_~…]$/u;
/** Signs that are not seen, or turn the reading direction: an address with them is not what it looks like. */
const DECEPTIVE = /[\p{Cc}\p{Cf}\\]/u;

export function withLinks(text: string): readonly TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = withoutClosing(match[0]);
    if (!isPlainAddress(address)) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index), href: null });
    parts.push({ text: address, href: address });
    end = match.index + address.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end), href: null });
  return parts;
}

function withoutClosing(written: string): string {
  let address = written;
  while (CLOSING.test(address) || hasForeignBracket(address)) address = address.slice(0, -1);
  return address;
}

/** The bracket belongs to the sentence around the address. */
function hasForeignBracket(address: string): boolean {
  const pairs: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };
  const last = address.at(-1) ?? '';
  const opening = pairs[last];
  return opening !== undefined && address.split(last).length > address.split(opening).length;
}

/** A name before the host is how addresses pretend to be others. */
function isPlainAddress(address: string): boolean {
  if (DECEPTIVE.test(address)) return false;
  try {
    const { protocol, host, username, password } = new URL(address);
    return (protocol === 'http:' || protocol === 'https:') && host !== '' && username === '' && password === '';
  } catch {
    return false;
  }
}
