import type { Speak } from './index';

export const start = (s: Speak) => ({
  hello: (name: string) => s(`Hallo ${name}!`, `Guten Tag, ${name}`),
  next: {
    title: 'Was jetzt geht',
    people: 'Personen anlegen',
    peopleNote: 'Lehrkräfte, Schülerinnen und Schüler, Familien',
    find: 'Personen suchen',
    findNote: 'Kontakt, Anmeldung und Links zum Übergeben',
    profile: 'Profil einrichten',
    profileNote: s('Sprache, Passwort und deine Geräte', 'Sprache, Passwort und Ihre Geräte'),
  },
});
