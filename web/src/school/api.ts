/**
 * The school's records over HTTP. The session is a cookie that no script ever sees; every refusal is a problem with a stable code
 * (RFC 9457), and the page has words for it.
 */
import type {
  AccountForm,
  AccountInfo,
  Contact,
  DemoRole,
  Device,
  Language,
  LinkInfo,
  Me,
  NewPassword,
  People,
  PersonForm,
  PersonInfo,
  PersonRole,
  SetUp,
  SignIn,
} from '../generated/school';
import type { Category, ConfirmedDate, DateInfo, DayDate, Entrance, MessageInfo, Messages, Start, ThreadInfo } from './records';

/** An answer takes milliseconds; a network that swallows the question must not leave a page waiting for ever. */
const ANSWER_LIMIT_MS = 15_000;

/** Why something did not happen. */
export class Refusal extends Error {
  /** Stable: `signed_out`, `taken`, `unreachable` … */
  readonly code: string;
  readonly status: number;
  /** Which field of the form it is about. */
  readonly field: string | null;
  /** Worth trying again after so many seconds. */
  readonly waitSeconds: number | null;

  constructor(code: string, status: number, field: string | null = null, waitSeconds: number | null = null) {
    super(code);
    this.name = 'Refusal';
    this.code = code;
    this.status = status;
    this.field = field;
    this.waitSeconds = waitSeconds;
  }
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Wire {
  readonly fetch: typeof fetch;
  /** Called when the server does not know us (any more). */
  readonly onSignedOut: () => void;
}

/** One question to the server; throws a `Refusal` and nothing else. */
async function ask<T>(wire: Wire, method: Method, path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method, credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(ANSWER_LIMIT_MS) };
  if (body !== undefined) {
    init.headers = { 'Content-Type': 'application/json' };
    init.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await wire.fetch(path, init);
  } catch {
    throw new Refusal('unreachable', 0);
  }
  if (!response.ok) {
    const refusal = await refusalOf(response);
    if (refusal.code === 'signed_out') wire.onSignedOut();
    throw refusal;
  }
  if (response.status === 204 || response.status === 202) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch {
    throw new Refusal('unreachable', response.status);
  }
}

async function refusalOf(response: Response): Promise<Refusal> {
  const body: unknown = await response.json().catch(() => null);
  const { code, field } = (typeof body === 'object' && body !== null ? body : {}) as Partial<Record<string, unknown>>;
  const wait = Number(response.headers.get('Retry-After') ?? '');
  return new Refusal(
    typeof code === 'string' ? code : response.status >= 500 ? 'server_fault' : 'bad_request',
    response.status,
    typeof field === 'string' ? field : null,
    Number.isFinite(wait) && wait > 0 ? wait : null,
  );
}

/** `path` with the parts of `query` that are said. */
export function withQuery(path: string, query: Query): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') parts.set(name, String(value));
  }
  const text = parts.toString();
  return text === '' ? path : `${path}?${text}`;
}

const id = encodeURIComponent;

/** Everything the pages can ask for. */
export function createApi(wire: Wire) {
  const get = <T>(path: string, query: Query = {}): Promise<T> => ask<T>(wire, 'GET', withQuery(path, query));
  const post = <T = undefined>(path: string, body?: unknown): Promise<T> => ask<T>(wire, 'POST', path, body);
  const put = <T = undefined>(path: string, body: unknown): Promise<T> => ask<T>(wire, 'PUT', path, body);
  const remove = (path: string): Promise<undefined> => ask<undefined>(wire, 'DELETE', path);
  return {
    session: {
      me: () => get<Me>('/api/me'),
      signIn: (form: SignIn) => post<Me>('/api/session', form),
      requestLink: (email: string) => post('/api/session/link', { email }),
      redeem: (secret: string) => post<Me>('/api/session/redeem', { secret }),
      setUp: (form: SetUp) => post<Me>('/api/set-up', form),
      enterDemo: (as: DemoRole) => post<Me>('/api/demo/enter', { as }),
      signOut: () => remove('/api/session'),
      setPassword: (form: NewPassword) => put('/api/me/password', form),
      setLanguage: (language: Language) => put('/api/me/language', { language }),
      devices: () => get<Device[]>('/api/me/sessions'),
      endDevice: (session: string) => remove(`/api/me/sessions/${id(session)}`),
      endOthers: () => remove('/api/me/sessions'),
    },
    people: {
      list: (query: { words: string; role: PersonRole | null; archived: boolean; offset: number }) => get<People>('/api/people', query),
      show: (person: string) => get<PersonInfo>(`/api/people/${id(person)}`),
      create: (form: PersonForm) => post<PersonInfo>('/api/people', form),
      update: (person: string, form: PersonForm) => put<PersonInfo>(`/api/people/${id(person)}`, form),
      contact: (person: string) => get<Contact>(`/api/people/${id(person)}/contact`),
      setContact: (person: string, contact: Contact) => put(`/api/people/${id(person)}/contact`, contact),
      account: (person: string) => get<AccountInfo>(`/api/people/${id(person)}/account`),
      setAccount: (person: string, form: AccountForm) => put(`/api/people/${id(person)}/account`, form),
      closeAccount: (person: string) => remove(`/api/people/${id(person)}/account`),
      makeLink: (person: string) => post<LinkInfo>(`/api/people/${id(person)}/link`),
    },
    time: {
      start: () => get<Start>('/api/start'),
      dates: (query: { from: string; to: string; course?: string; person?: string }) => get<DateInfo[]>('/api/dates', query),
      day: (day: string) => get<DayDate[]>('/api/attendance', { day }),
      categories: () => get<Category[]>('/api/categories'),
      confirm: (dates: readonly ConfirmedDate[]) => post('/api/attendance/confirm', { dates }),
      finalise: (date: { course: string; day: string; version: number }) =>
        post(`/api/dates/${id(date.course)}/${id(date.day)}/finalise`, { version: date.version }),
    },
    rooms: {
      enterCourse: (course: string) => post<Entrance>(`/api/courses/${id(course)}/enter`),
      enterConference: (conference: string) => post<Entrance>(`/api/conferences/${id(conference)}/enter`),
    },
    talk: {
      threads: () => get<ThreadInfo[]>('/api/threads'),
      thread: (thread: string) => get<ThreadInfo>(`/api/threads/${id(thread)}`),
      messages: (thread: string, before: number | null) => get<Messages>(`/api/threads/${id(thread)}/messages`, { before }),
      write: (thread: string, client: string, text: string) => post<MessageInfo>(`/api/threads/${id(thread)}/messages`, { client_id: client, text }),
      read: (thread: string, until: number) => post(`/api/threads/${id(thread)}/read`, { until }),
      unread: () => get<{ threads: number; messages: number }>('/api/unread'),
    },
  };
}

export type Api = ReturnType<typeof createApi>;
