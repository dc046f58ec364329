/**
 * The catalogue in the language of the person. German is the model: its type is the contract English has to fulfil, so a
 * missing or misspelt key does not compile.
 */
import { getContext, setContext } from 'svelte';
import { german } from './de';
import { english } from './en';
import { createFormat, languages, type Format, type Language } from './format';

export type Messages = ReturnType<typeof german>;
/** How a person is spoken to: children and pupils with "du", adults with "Sie". English knows no difference. */
export type Address = 'du' | 'Sie';

export interface Words {
  readonly t: Messages;
  readonly f: Format;
  readonly language: Language;
  readonly address: Address;
}

const STORAGE_KEY = 'auftakt.language';
const CONTEXT_KEY = Symbol('words');

const formats: Readonly<Record<Language, Format>> = { de: createFormat('de'), en: createFormat('en') };
const cache: Partial<Record<`${Language} ${Address}`, Messages>> = {};

function messages(language: Language, address: Address): Messages {
  const format = formats[language];
  return (cache[`${language} ${address}`] ??= language === 'de' ? german(address, format) : english(address, format));
}

function isLanguage(value: unknown): value is Language {
  return languages.some((language) => language === value);
}

function stored(): Language | null {
  try {
    const value = localStorage.getItem(STORAGE_KEY);
    return isLanguage(value) ? value : null;
  } catch {
    // Private windows may forbid storage: then the choice holds for this page only.
    return null;
  }
}

/** The first language of the browser that we speak; German otherwise, because the schools are German. */
function preferred(): Language {
  for (const tag of navigator.languages) {
    const language = tag.slice(0, 2);
    if (isLanguage(language)) return language;
  }
  return 'de';
}

let current = $state<Language>(stored() ?? preferred());

export function currentLanguage(): Language {
  return current;
}

export function setLanguage(language: Language): void {
  current = language;
  try {
    localStorage.setItem(STORAGE_KEY, language);
  } catch {
    // See `stored`.
  }
}

/** Sets how everything below this component speaks to the person. Call while the component initialises. */
export function provideWords(address: () => Address): Words {
  const words: Words = {
    get t() {
      return messages(current, address());
    },
    get f() {
      return formats[current];
    },
    get language() {
      return current;
    },
    get address() {
      return address();
    },
  };
  return setContext(CONTEXT_KEY, words);
}

/** The words of this place; adults' words where nobody said otherwise. */
export function useWords(): Words {
  return getContext<Words | undefined>(CONTEXT_KEY) ?? provideWords(() => 'Sie');
}
