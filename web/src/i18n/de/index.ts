import type { Format } from '../format';
import { common } from './common';
import { conference } from './conference';
import { devices } from './devices';
import { join } from './join';
import { lesson } from './lesson';
import { notices } from './notices';
import { pages } from './pages';
import { proof } from './proof';

/** Picks the form for a child (du) or an adult (Sie). */
export type Speak = (du: string, sie: string) => string;

export function german(address: 'du' | 'Sie', format: Format) {
  const speak: Speak = (du, sie) => (address === 'du' ? du : sie);
  return {
    common: common(speak),
    pages: pages(speak),
    devices: devices(speak),
    join: join(speak, format),
    lesson: lesson(speak, format),
    conference: conference(speak, format),
    notices: notices(speak, format),
    proof: proof(speak, format),
  };
}
