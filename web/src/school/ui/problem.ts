import type { SchoolMessages } from '../i18n/words.svelte';
import type { Refusal } from '../state/types';

/** What a refusal says to people. */
export function problemText({ code, field }: Refusal, { problem }: SchoolMessages): string {
  const taken = code === 'taken' && field !== null ? problem.taken[field] : undefined;
  return taken ?? problem.by[code] ?? problem.other(code);
}

/** The same beside the field it is about; `null` for every other field. */
export function fieldProblem(refusal: Refusal | null, field: string, words: SchoolMessages): string | null {
  return refusal?.field === field ? problemText(refusal, words) : null;
}

/** What belongs to no field that the form shows stands above its button. */
export function formProblem(refusal: Refusal | null, fields: readonly string[], words: SchoolMessages): string | null {
  return refusal && !(refusal.field !== null && fields.includes(refusal.field)) ? problemText(refusal, words) : null;
}
