/** The names of the gallery's states, read from its source: the states themselves need a browser. */
import { readFileSync } from 'node:fs';

const source = readFileSync(new URL('../../gallery/states.svelte.ts', import.meta.url), 'utf8');

export const stateNames: readonly string[] = [...source.matchAll(/^ {2}'?([a-z][a-z-]*)'?: (?:page|problem|inLesson)\(/gm)].map((match) => match[1] ?? '');
