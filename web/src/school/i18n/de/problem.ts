import type { SchoolFormat } from '../format';
import type { Speak } from './index';

/** By code; `other` where a newer server says something this page does not know. */
export const problem = (s: Speak, f: SchoolFormat) => ({
  by: {
    unreachable: s('Der Server der Schule antwortet nicht. Prüfe das Netz und versuch es noch einmal.', 'Der Server der Schule antwortet nicht. Prüfen Sie das Netz und versuchen Sie es noch einmal.'),
    server_fault: 'Am Server ist etwas schiefgegangen. Es liegt nicht an Ihrer Eingabe. Bitte später noch einmal.',
    server_stopping: 'Der Server startet gerade neu. In einer Minute geht es weiter.',
    busy: 'Gerade ist viel los. Bitte gleich noch einmal.',
    page_fault: 'In dieser Seite ist etwas schiefgegangen. Laden Sie sie neu.',
    signed_out: s('Du bist abgemeldet.', 'Sie sind abgemeldet.'),
    sign_in_wrong: 'Adresse oder Passwort stimmt nicht. Groß- und Kleinschreibung zählt.',
    link_used: 'Der Link wurde schon benutzt, oder er ist zu alt.',
    too_many_attempts: 'Nach mehreren Versuchen gibt es eine Pause.',
    not_allowed: s('Das darfst du hier nicht ändern.', 'Das dürfen Sie hier nicht ändern.'),
    other_origin: 'Diese Seite wurde über eine fremde Adresse geöffnet. Öffnen Sie die Adresse der Schule.',
    not_found: 'Das gibt es nicht mehr. Vielleicht hat es jemand gelöscht.',
    missing: 'Etwas, das dazugehört, gibt es nicht mehr. Laden Sie die Seite neu.',
    taken: 'Das ist schon vergeben.',
    empty: 'Hier fehlt noch etwas.',
    too_long: 'Das ist zu lang.',
    too_many: 'Das sind zu viele.',
    control_characters: 'Hier passt nur eine Zeile Text.',
    malformed: 'Diese Angabe passt nicht in das Feld.',
    not_an_email: 'Das ist noch keine E-Mail-Adresse. Beispiel: name@schule.de',
    password_short: 'Das Passwort ist zu kurz. Es braucht zehn Zeichen.',
    password_wrong: 'Das bisherige Passwort stimmt nicht.',
    no_account: 'Ohne E-Mail-Adresse gibt es kein Passwort. Die Verwaltung kann eine eintragen.',
    own_guardian: 'Niemand ist für sich selbst erziehungsberechtigt.',
    last_operator: 'Eine Person muss für die IT zuständig bleiben.',
  } as Record<string, string>,
  taken: {
    number: 'Diese Nummer hat schon eine andere Person.',
    email: 'Mit dieser Adresse meldet sich schon jemand an.',
  } as Record<string, string>,
  other: (code: string) => `Das hat nicht geklappt (${code}). Bitte später noch einmal.`,
  wait: (seconds: number) => `Noch ${f.number(seconds)} ${f.plural(seconds, { one: 'Sekunde', other: 'Sekunden' })}.`,
});
