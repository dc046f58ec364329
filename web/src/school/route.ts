/** The school's addresses. A secret stands behind '#', so that it never leaves the browser in a request line. */
export type Route =
  | { readonly page: 'start' }
  | { readonly page: 'enter'; readonly secret: string }
  | { readonly page: 'setup'; readonly secret: string }
  | { readonly page: 'people' }
  | { readonly page: 'person'; readonly id: string }
  | { readonly page: 'new_person' }
  | { readonly page: 'profile' }
  | { readonly page: 'plan' }
  | { readonly page: 'attendance' }
  | { readonly page: 'messages' }
  | { readonly page: 'thread'; readonly id: string }
  | { readonly page: 'not_found' };

export type PageName = Route['page'];

type Address = Pick<URL, 'pathname' | 'hash'>;

export function parseRoute({ pathname, hash }: Address): Route {
  const parts = pathname.split('/').filter((part) => part !== '');
  const [first, second] = parts;
  const secret = hash.replace(/^#/, '');
  if (parts.length > 2) return { page: 'not_found' };
  if (first === undefined) return { page: 'start' };
  if (second !== undefined) return below(first, second);
  switch (first) {
    case 'enter':
    case 'setup':
      return { page: first, secret };
    case 'people':
    case 'profile':
    case 'plan':
    case 'attendance':
    case 'messages':
      return { page: first };
    default:
      return { page: 'not_found' };
  }
}

function below(first: string, second: string): Route {
  if (first !== 'people' && first !== 'messages') return { page: 'not_found' };
  if (first === 'people' && second === 'new') return { page: 'new_person' };
  try {
    return { page: first === 'people' ? 'person' : 'thread', id: decodeURIComponent(second) };
  } catch {
    return { page: 'not_found' };
  }
}

export const hrefs = {
  start: '/',
  people: '/people',
  newPerson: '/people/new',
  person: (id: string) => `/people/${encodeURIComponent(id)}`,
  profile: '/profile',
  plan: '/plan',
  attendance: '/attendance',
  messages: '/messages',
  thread: (id: string) => `/messages/${encodeURIComponent(id)}`,
} as const;
