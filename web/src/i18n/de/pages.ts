import type { ErrorCode, LeftReason, LinkProblem, RoomKind } from '../../state/types';
import type { Speak } from './index';

export interface Explanation {
  readonly title: string;
  readonly text: string;
}

const sameTitle = (title: string): Record<RoomKind, string> => ({ lesson: title, conference: title });

export const pages = (s: Speak) => ({
  documentTitle: {
    opening: 'Auftakt',
    link_broken: 'Link öffnen – Auftakt',
    not_found: 'Seite nicht gefunden – Auftakt',
    join: (title: string) => `${title} – Auftakt`,
    lesson: (title: string) => `Unterricht: ${title} – Auftakt`,
    waiting: (title: string) => `Warten: ${title} – Auftakt`,
    conference: (title: string) => `Konferenz: ${title} – Auftakt`,
    left: { lesson: 'Unterricht verlassen – Auftakt', conference: 'Konferenz verlassen – Auftakt' } as Record<RoomKind, string>,
    unsupported: 'Anderer Browser nötig – Auftakt',
  },
  opening: 'Der Link wird geöffnet …',
  start: {
    title: 'Unterricht, der gut klingt',
    lead: 'Auftakt bringt Lehrkraft und Schüler zusammen: im Browser, ohne Konto, ohne Installation. Geige, Klavier und Stimme kommen an, wie sie klingen.',
    points: [
      'Musik in Stereo, ohne Sprachfilter, die lange Töne verschlucken',
      'Alles läuft über den Server der Schule, verschlüsselt',
      'Läuft auf iPad, Handy und Computer',
    ],
    enterTitle: 'Zum Unterricht',
    linkLabel: 'Ihr Link zum Unterricht',
    linkHelp: 'Er steht in der Nachricht der Schule und sieht so aus:',
    linkExample: '/r/geige#…',
    linkOpen: 'Öffnen',
    linkProblem: 'Das ist kein Link zu dieser Schule. Kopieren Sie ihn ganz, auch den Teil nach dem Zeichen #.',
    noLink: 'Noch keinen Link? Die Lehrkraft oder die Schule schickt ihn. Ohne Link kommt niemand in einen Unterricht.',
    demoTitle: 'Ausprobieren',
    demoNote: 'Das ist eine Vorführung. Öffnen Sie die ersten zwei Links auf zwei Geräten, oder hören Sie erst einmal zu.',
    demoTeacher: 'Als Lehrkraft',
    demoTeacherNote: 'Geige, Unterricht zu zweit',
    demoStudent: 'Als Schülerin oder Schüler',
    demoStudentNote: 'derselbe Raum, die andere Seite',
    demoMusician: 'Dem Musiker zuhören',
    demoMusicianNote: 'Ein Raum, in dem schon gespielt wird',
  },
  linkProblem: {
    invalid: {
      title: 'Dieser Link passt nicht',
      text: 'Vielleicht fehlt ein Stück, oder die Schule hat ihn ersetzt. Öffnen Sie ihn noch einmal aus der Nachricht, oder fragen Sie die Lehrkraft nach einem neuen.',
    },
    expired: {
      title: 'Dieser Link gilt nicht mehr',
      text: 'Links zum Unterricht gelten nur für eine bestimmte Zeit. Die Lehrkraft kann einen neuen schicken.',
    },
    not_found: {
      title: 'Unter dieser Adresse ist nichts',
      text: 'Vielleicht ist beim Abtippen ein Zeichen verloren gegangen. Öffnen Sie den Link noch einmal aus der Nachricht der Schule.',
    },
    incomplete: {
      title: 'Dem Link fehlt das Ende',
      text: 'Beim Kopieren ist der Teil nach dem Zeichen # verloren gegangen. Öffnen Sie den Link direkt aus der Nachricht, oder kopieren Sie ihn ganz.',
    },
    server_unreachable: {
      title: 'Die Schule ist gerade nicht erreichbar',
      text: 'Entweder fehlt diesem Gerät das Internet, oder der Server startet gerade neu. Versuchen Sie es gleich noch einmal.',
    },
  } as Record<LinkProblem['kind'], Explanation>,
  toStart: 'Zur Startseite',
  unsupported: {
    title: s('Dieser Browser ist zu alt', 'Dieser Browser kann keinen Unterricht'),
    text: s(
      'Ihm fehlt etwas für Bild und Ton. Frag einen Erwachsenen, ob er das Gerät aktualisieren kann.',
      'Ihm fehlt, was es für Bild und Ton braucht, oder die Seite wurde nicht sicher geöffnet (https). Einer von diesen geht:',
    ),
    good: ['Safari ab iPadOS 16.4 oder iOS 16.4', 'Chrome und Edge ab Version 111', 'Firefox ab Version 115'],
  },
  left: {
    left: { title: { lesson: s('Du hast den Unterricht verlassen', 'Sie haben den Unterricht verlassen'), conference: s('Du hast die Konferenz verlassen', 'Sie haben die Konferenz verlassen') } as Record<RoomKind, string>, text: s('Kamera und Mikrofon sind aus. Niemand sieht oder hört dich.', 'Kamera und Mikrofon sind aus. Niemand sieht oder hört Sie.') },
    reloaded: {
      title: { lesson: s('Du warst gerade im Unterricht', 'Sie waren gerade im Unterricht'), conference: s('Du warst gerade in der Konferenz', 'Sie waren gerade in der Konferenz') },
      text: s(
        'Die Seite wurde neu geladen. Gerade sieht und hört dich niemand. Was du ausgeschaltet hattest, bleibt aus.',
        'Die Seite wurde neu geladen. Gerade sieht und hört Sie niemand. Was Sie ausgeschaltet hatten, bleibt aus.',
      ),
    },
    replaced_elsewhere: {
      title: sameTitle(s('Du bist woanders dabei', 'Sie sind woanders dabei')),
      text: s(
        'In einem anderen Fenster oder Gerät geht es weiter. Hier ist alles aus.',
        'In einem anderen Fenster oder auf einem anderen Gerät geht es weiter. Hier sind Kamera und Mikrofon aus.',
      ),
    },
    refused: { title: { lesson: 'Der Unterricht wurde unterbrochen', conference: 'Die Konferenz wurde unterbrochen' } as Record<RoomKind, string>, text: '' },
  } as Record<LeftReason['kind'], { readonly title: Readonly<Record<RoomKind, string>>; readonly text: string }>,
  again: s('Wieder hinein', 'Wieder beitreten'),
  againHere: 'Hier weitermachen',
  backInto: { lesson: 'Zurück in den Unterricht', conference: 'Zurück in die Konferenz' } as Record<RoomKind, string>,
  checkFirst: 'Erst Bild und Ton prüfen',
  canClose: 'Dieses Fenster kann geschlossen werden.',
  error: {
    link_invalid: { title: 'Dieser Link passt nicht', text: s('Frag deine Lehrkraft nach einem neuen Link.', 'Vielleicht hat die Schule ihn ersetzt. Wer Sie eingeladen hat, kann einen neuen schicken.') },
    link_expired: { title: 'Dieser Link gilt nicht mehr', text: s('Seine Zeit ist vorbei. Frag deine Lehrkraft nach einem neuen.', 'Seine Zeit ist vorbei. Wer Sie eingeladen hat, kann einen neuen schicken.') },
    room_full: { title: 'Der Raum ist voll', text: s('Es sind schon alle Plätze besetzt. Warte kurz und versuch es noch einmal.', 'Alle Plätze sind besetzt. Warten Sie, bis jemand geht, und versuchen Sie es dann noch einmal.') },
    replaced_elsewhere: { title: s('Du bist woanders dabei', 'Sie sind woanders dabei'), text: s('In einem anderen Fenster oder Gerät geht es weiter.', 'In einem anderen Fenster oder auf einem anderen Gerät geht es weiter.') },
    version_mismatch: { title: 'Auftakt wurde erneuert', text: s('Lade die Seite neu, dann geht es weiter.', 'Laden Sie die Seite neu, dann geht es mit der neuen Fassung weiter.') },
    bad_message: { title: 'Seite und Server verstehen sich nicht', text: s('Lade die Seite neu. Das hilft fast immer.', 'Laden Sie die Seite neu. Bleibt es dabei, hilft die IT der Schule.') },
    message_too_large: { title: 'Das war zu viel auf einmal', text: s('Schick es in kleineren Stücken.', 'Schicken Sie es in kleineren Stücken.') },
    too_fast: { title: 'Das ging sehr schnell', text: s('Warte kurz und versuch es dann noch einmal.', 'Der Server bremst zu viele Nachrichten. Warten Sie kurz und versuchen Sie es dann noch einmal.') },
    too_slow: { title: 'Die Verbindung ist zu langsam', text: s('Geh näher ans WLAN und versuch es noch einmal.', 'Dieses Gerät kam nicht hinterher. Näher am WLAN-Gerät geht es meist besser.') },
    not_allowed: { title: 'Das ist mit diesem Link nicht möglich', text: s('Deine Lehrkraft kann das für dich tun.', 'Dieser Link erlaubt es nicht. Wer den Raum leitet, kann helfen.') },
    dismissed: {
      title: s('Gerade kannst du nicht herein', 'Sie wurden nicht eingelassen'),
      text: s('Du wurdest diesmal nicht hereingeholt. Frag deine Lehrkraft, wann es passt.', 'Wer den Raum leitet, hat Sie diesmal nicht eingelassen. Fragen Sie nach, wann es passt.'),
    },
    removed: {
      title: s('Du bist nicht mehr im Raum', 'Sie sind nicht mehr im Raum'),
      text: s('Du wurdest aus dem Raum genommen. Kamera und Mikrofon sind aus.', 'Wer den Raum leitet, hat Sie herausgenommen. Kamera und Mikrofon sind aus.'),
    },
    lobby_full: {
      title: 'Der Warteraum ist voll',
      text: s('Es warten schon sehr viele. Versuch es gleich noch einmal.', 'Es warten schon so viele, wie hineinpassen. Versuchen Sie es gleich noch einmal.'),
    },
    name_missing: { title: 'Der Name fehlt', text: s('Schreib deinen Namen hinein.', 'Tragen Sie Ihren Namen ein.') },
    name_too_long: { title: 'Der Name ist zu lang', text: s('Nimm einen kürzeren Namen.', 'Bitte einen kürzeren Namen eintragen.') },
    chat_empty: { title: 'Die Nachricht ist leer', text: s('Schreib erst etwas.', 'Schreiben Sie erst etwas.') },
    chat_too_long: { title: 'Die Nachricht ist zu lang', text: s('Teil sie in zwei Nachrichten.', 'Teilen Sie sie in zwei Nachrichten.') },
    // What a conference refuses without ending it.
    recipient_gone: {
      title: s('Deine Nachricht hat niemanden erreicht', 'Ihre Nachricht hat niemanden erreicht'),
      text: s('Die Person ist nicht mehr im Raum. Nimm einen anderen Empfänger.', 'Die Person ist nicht mehr im Raum. Wählen Sie einen anderen Empfänger.'),
    },
    no_place_left: {
      title: 'Der Raum ist voll',
      text: 'Wer wartet, wartet weiter. Es kann jemand herein, sobald jemand geht.',
    },
    list_too_long: {
      title: 'Das waren zu viele auf einmal',
      text: s('Versuch es mit weniger Personen.', 'Versuchen Sie es mit weniger Personen.'),
    },
    offer_refused: { title: 'Der Browser passt nicht zum Server', text: s('Lade die Seite neu. Sonst nimm einen anderen Browser.', 'Laden Sie die Seite neu, oder nehmen Sie einen anderen Browser.') },
    not_joined: { title: s('Du bist gerade nicht im Raum', 'Sie sind gerade nicht im Raum'), text: s('Geh noch einmal hinein.', 'Treten Sie noch einmal bei.') },
    server_fault: { title: 'Beim Server ist etwas schiefgegangen', text: s('Das liegt nicht an dir. Versuch es noch einmal.', 'Das liegt nicht an Ihnen. Versuchen Sie es noch einmal. Bleibt es dabei, hilft die IT der Schule.') },
  } as Record<ErrorCode, Explanation>,
});
