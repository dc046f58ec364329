import type { Language, PersonRole } from '../../../generated/school';
import type { PageTitle } from '../../state/titles';
import type { Speak } from './index';

export const common = (s: Speak) => ({
  skip: 'Zum Inhalt',
  navigation: 'Hauptnavigation',
  loading: 'Wird geladen …',
  save: 'Speichern',
  cancel: 'Abbrechen',
  change: 'Ändern',
  back: 'Zurück',
  saved: 'Gespeichert.',
  tryAgain: 'Noch einmal versuchen',
  more: 'Mehr zeigen',
  none: 'nichts eingetragen',
  optional: 'kann leer bleiben',
  title: (page: string) => `${page} – Auftakt`,
  titles: {
    sign_in: 'Anmelden',
    enter: 'Anmelden mit Link',
    setup: 'Einrichten',
    start: 'Start',
    people: 'Personen',
    person: 'Person',
    new_person: 'Neue Person',
    profile: 'Profil',
    plan: 'Plan',
    attendance: 'Anwesenheit',
    messages: 'Nachrichten',
    thread: 'Nachricht',
    not_found: 'Seite nicht gefunden',
  } as Record<PageTitle, string>,
  nav: {
    start: 'Start',
    people: 'Personen',
    plan: 'Plan',
    messages: 'Nachrichten',
    attendance: 'Anwesenheit',
    profile: 'Profil',
  },
  failed: {
    title: 'Das konnte nicht geladen werden',
  },
  notFound: {
    title: 'Hier ist nichts',
    text: s(
      'Diese Seite gibt es nicht mehr, oder sie ist nicht für dich. Geh zurück zum Start.',
      'Diese Seite gibt es nicht mehr, oder sie ist nicht für Sie. Gehen Sie zurück zum Start.',
    ),
    toStart: 'Zum Start',
  },
  role: {
    teacher: 'Lehrkraft',
    student: 'Schülerin/Schüler',
    guardian: 'Erziehungsberechtigte',
    office: 'Verwaltung',
    head: 'Schulleitung',
    operator: 'IT',
  } as Record<PersonRole, string>,
  language: { de: 'Deutsch', en: 'English' } as Record<Language, string>,
});
