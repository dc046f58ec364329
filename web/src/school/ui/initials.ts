/** "Aurelia-Sophie von Hohenlohe-Waldburg" → "AH": decoration beside a name. */
export function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => /^\p{Lu}/u.test(word));
  const [first] = words;
  const last = words.length > 1 ? words.at(-1) : undefined;
  return [first, last].map((word) => word?.slice(0, 1) ?? '').join('') || name.slice(0, 1).toLocaleUpperCase();
}
