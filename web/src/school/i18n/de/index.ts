import type { SchoolFormat } from '../format';
import { common } from './common';
import { door } from './door';
import { people } from './people';
import { problem } from './problem';
import { profile } from './profile';
import { start } from './start';
import { talk } from './talk';
import { time } from './time';

/** Picks the form for a child (du) or an adult (Sie). */
export type Speak = (du: string, sie: string) => string;

export function german(address: 'du' | 'Sie', format: SchoolFormat) {
  const speak: Speak = (du, sie) => (address === 'du' ? du : sie);
  return {
    common: common(speak),
    door: door(format),
    problem: problem(speak, format),
    people: people(format),
    profile: profile(speak, format),
    start: start(speak),
    talk: talk(speak, format),
    time: time(speak, format),
  };
}
