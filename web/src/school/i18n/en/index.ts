import type { SchoolFormat } from '../format';
import type { SchoolMessages } from '../words.svelte';
import { common } from './common';
import { door } from './door';
import { people } from './people';
import { problem } from './problem';
import { profile } from './profile';
import { start } from './start';
import { talk } from './talk';
import { time } from './time';

export function english(format: SchoolFormat): SchoolMessages {
  return {
    common,
    door: door(format),
    problem: problem(format),
    people: people(format),
    profile: profile(format),
    start,
    talk: talk(format),
    time: time(format),
  };
}
