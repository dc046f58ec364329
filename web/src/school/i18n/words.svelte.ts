/** The school's catalogue, loaded with its pages alone. German is the model; English must have the same keys. */
import { getContext, setContext } from 'svelte';
import { currentLanguage, type Address } from '../../i18n/words.svelte';
import type { Language } from '../../i18n/format';
import { german } from './de';
import { english } from './en';
import { createSchoolFormat, type SchoolFormat } from './format';

export type SchoolMessages = ReturnType<typeof german>;

export interface SchoolWords {
  readonly t: SchoolMessages;
  readonly f: SchoolFormat;
  readonly language: Language;
  readonly address: Address;
}

const CONTEXT_KEY = Symbol('school words');
const formats: Readonly<Record<Language, SchoolFormat>> = { de: createSchoolFormat('de'), en: createSchoolFormat('en') };
const cache: Partial<Record<`${Language} ${Address}`, SchoolMessages>> = {};

function messages(language: Language, address: Address): SchoolMessages {
  return (cache[`${language} ${address}`] ??= language === 'de' ? german(address, formats.de) : english(formats.en));
}

/** Sets how everything below this component speaks to the person. Call while the component initialises. */
export function provideSchoolWords(address: () => Address): SchoolWords {
  const words: SchoolWords = {
    get t() {
      return messages(currentLanguage(), address());
    },
    get f() {
      return formats[currentLanguage()];
    },
    get language() {
      return currentLanguage();
    },
    get address() {
      return address();
    },
  };
  return setContext(CONTEXT_KEY, words);
}

export function useSchoolWords(): SchoolWords {
  return getContext<SchoolWords | undefined>(CONTEXT_KEY) ?? provideSchoolWords(() => 'Sie');
}
