import type { Format } from '../format';
import type { Messages } from '../words.svelte';
import { common } from './common';
import { conference } from './conference';
import { devices } from './devices';
import { join } from './join';
import { lesson } from './lesson';
import { notices } from './notices';
import { pages } from './pages';
import { proof } from './proof';

/** English has one form of address; the parameter keeps both catalogues alike. */
export function english(_address: 'du' | 'Sie', format: Format): Messages {
  return {
    common,
    pages,
    devices,
    join: join(format),
    lesson: lesson(format),
    conference: conference(format),
    notices: notices(format),
    proof: proof(format),
  };
}
