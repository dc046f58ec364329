import type { Role, RoomKind } from '../generated/wire';

export interface JoinAddress {
  readonly room: string;
  readonly token: string;
}

export type LinkProblem =
  | { readonly kind: 'invalid' }
  | { readonly kind: 'expired' }
  /** No address of this server. */
  | { readonly kind: 'not_found' }
  /** The address has no secret part after '#': it was cut when it was copied. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'server_unreachable' };

export interface LinkInfo {
  readonly room: string;
  readonly kind: RoomKind;
  readonly role: Role;
  /** Suggested display name, may be ''. */
  readonly name: string;
  /** What is held here, e.g. "Geige mit Frau Lindqvist"; `null`: show the room's name. */
  readonly title: string | null;
  /** The school's name, where the server has one. */
  readonly school: string | null;
}

/** An answer takes milliseconds; a network that swallows the question must not leave an empty page. */
const ANSWER_LIMIT_MS = 8000;

/** `/r/{room}#{token}`. The token is behind '#', so that it never leaves the browser in a request line. */
export function parseJoinAddress(url: Pick<URL, 'pathname' | 'hash'>): JoinAddress | 'incomplete' | null {
  const match = /^\/r\/([^/]+)\/?$/.exec(url.pathname);
  if (!match?.[1]) return null;
  const token = url.hash.replace(/^#/, '');
  if (token === '') return 'incomplete';
  try {
    return { room: decodeURIComponent(match[1]), token };
  } catch {
    return null;
  }
}

/** The first parts of the school's addresses, as the server has them, too (`src/pages.rs`). */
const SCHOOL_PAGES = new Set(['enter', 'setup', 'plan', 'people', 'courses', 'messages', 'attendance', 'profile', 'import', 'settings', 'conferences']);

/** The start page and the other pages of the school; everything else that is no join link is mistyped. */
export function isSchoolAddress({ pathname }: Pick<URL, 'pathname'>): boolean {
  const first = pathname.split('/')[1] ?? '';
  return first === '' || first === 'index.html' || SCHOOL_PAGES.has(first);
}

/** Asks the server what this link is, before anybody joins with it. */
export async function askAboutLink(token: string): Promise<LinkInfo | LinkProblem> {
  let response: Response;
  let body: unknown;
  try {
    response = await fetch('/api/link', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token }),
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    });
    body = await response.json();
  } catch {
    return { kind: 'server_unreachable' };
  }
  if (response.status >= 500) return { kind: 'server_unreachable' };
  if (!response.ok) return { kind: isExpired(response.status, body) ? 'expired' : 'invalid' };
  return parseLinkInfo(body) ?? { kind: 'invalid' };
}

export function isLinkInfo(answer: LinkInfo | LinkProblem): answer is LinkInfo {
  return 'room' in answer;
}

/** By the problem's own code (RFC 9457 body), not by words somebody may put into its text. */
function isExpired(status: number, body: unknown): boolean {
  return status === 410 || (body as { code?: unknown } | null)?.code === 'link_expired';
}

export function parseLinkInfo(body: unknown): LinkInfo | null {
  if (typeof body !== 'object' || body === null) return null;
  const { room, kind, role, name, title, school } = body as Partial<Record<string, unknown>>;
  if (typeof room !== 'string' || typeof role !== 'string' || (kind !== 'lesson' && kind !== 'conference')) return null;
  return {
    room,
    kind,
    role: role as Role,
    name: typeof name === 'string' ? name : '',
    title: textOrNull(title),
    school: textOrNull(school),
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Where the WebSocket is. */
export function signalUrl(location: Pick<Location, 'protocol' | 'host'>): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/signal`;
}

export interface DemoLinks {
  readonly teacher: string | null;
  readonly student: string | null;
  /** A room where the bot musician plays. */
  readonly musician: string | null;
}

/** Links of the demonstration school, when the server runs one. */
export async function askForDemo(ask: typeof fetch = fetch): Promise<DemoLinks | null> {
  try {
    const response = await ask('/api/demo');
    if (!response.ok) return null;
    const { teacher, student, musician } = (await response.json()) as Partial<Record<string, unknown>>;
    const text = (value: unknown) => (typeof value === 'string' ? value : null);
    return { teacher: text(teacher), student: text(student), musician: text(musician) };
  } catch {
    return null;
  }
}
