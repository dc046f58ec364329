import type { CaptureDevice } from '../../state/types';
import type { Speak } from './index';

/** Whose instructions are shown; also the choices of "I use something else". */
export type Platform = 'ipad' | 'iphone' | 'android' | 'chrome' | 'firefox' | 'safari' | 'other';

/** Words for a device that cannot be used: a page before the lesson, a banner in it. */
export const devices = (s: Speak) => ({
  name: { microphone: 'Mikrofon', camera: 'Kamera', both: 'Mikrofon und Kamera' } as Record<CaptureDevice, string>,
  denied: {
    title: {
      microphone: s('Wir dürfen dein Mikrofon nicht benutzen', 'Wir dürfen Ihr Mikrofon nicht benutzen'),
      camera: s('Wir dürfen deine Kamera nicht benutzen', 'Wir dürfen Ihre Kamera nicht benutzen'),
      both: s('Wir dürfen Mikrofon und Kamera nicht benutzen', 'Wir dürfen Mikrofon und Kamera nicht benutzen'),
    } as Record<CaptureDevice, string>,
    text: s(
      'Der Browser fragt vorher um Erlaubnis, und die fehlt noch. Das ist in einer Minute erledigt. Frag ruhig einen Erwachsenen.',
      'Der Browser fragt vorher um Erlaubnis, und die fehlt noch. Das ist in einer Minute erledigt.',
    ),
    textSystem: s(
      'Das Gerät erlaubt es dem Browser nicht. Das lässt sich in den Einstellungen ändern. Frag ruhig einen Erwachsenen.',
      'Das Gerät selbst erlaubt es dem Browser nicht. Das lässt sich in seinen Einstellungen ändern.',
    ),
    steps: {
      ipad: [
        s('Tippe oben in der Adresszeile auf das Zeichen links.', 'Tippen Sie oben in der Adresszeile auf das Zeichen links.'),
        s('Tippe auf „Website-Einstellungen“.', 'Tippen Sie auf „Website-Einstellungen“.'),
        s('Stelle Mikrofon und Kamera auf „Erlauben“.', 'Stellen Sie Mikrofon und Kamera auf „Erlauben“.'),
      ],
      iphone: [
        s('Tippe in der Adresszeile auf das Zeichen links.', 'Tippen Sie in der Adresszeile auf das Zeichen links.'),
        s('Tippe auf „Website-Einstellungen“.', 'Tippen Sie auf „Website-Einstellungen“.'),
        s('Stelle Mikrofon und Kamera auf „Erlauben“.', 'Stellen Sie Mikrofon und Kamera auf „Erlauben“.'),
      ],
      android: [
        s('Tippe oben links neben der Adresse auf das Zeichen.', 'Tippen Sie oben links neben der Adresse auf das Zeichen.'),
        s('Tippe auf „Berechtigungen“.', 'Tippen Sie auf „Berechtigungen“.'),
        s('Schalte Mikrofon und Kamera ein.', 'Schalten Sie Mikrofon und Kamera ein.'),
      ],
      chrome: [
        s('Klicke oben links neben der Adresse auf das Zeichen.', 'Klicken Sie oben links neben der Adresse auf das Zeichen.'),
        s('Schalte Mikrofon und Kamera ein.', 'Schalten Sie Mikrofon und Kamera ein.'),
        s('Klicke hier unten auf „Noch einmal versuchen“.', 'Klicken Sie hier unten auf „Noch einmal versuchen“.'),
      ],
      firefox: [
        s('Klicke links neben der Adresse auf das durchgestrichene Zeichen.', 'Klicken Sie links neben der Adresse auf das durchgestrichene Zeichen.'),
        s('Nimm „Blockiert“ mit dem kleinen Kreuz weg.', 'Nehmen Sie „Blockiert“ mit dem kleinen Kreuz weg.'),
        s('Versuch es hier noch einmal und wähle „Erlauben“.', 'Versuchen Sie es hier noch einmal und wählen Sie „Erlauben“.'),
      ],
      safari: [
        s('Öffne oben das Menü „Safari“.', 'Öffnen Sie oben das Menü „Safari“.'),
        s('Wähle „Einstellungen für diese Website“.', 'Wählen Sie „Einstellungen für diese Website“.'),
        s('Stelle Mikrofon und Kamera auf „Erlauben“.', 'Stellen Sie Mikrofon und Kamera auf „Erlauben“.'),
      ],
      other: [
        s('Öffne die Einstellungen des Browsers für diese Seite.', 'Öffnen Sie die Einstellungen des Browsers für diese Seite.'),
        s('Erlaube Mikrofon und Kamera.', 'Erlauben Sie Mikrofon und Kamera.'),
        s('Versuch es hier noch einmal.', 'Versuchen Sie es hier noch einmal.'),
      ],
    } as Record<Platform, readonly string[]>,
    systemSteps: {
      ipad: [
        s('Öffne die App „Einstellungen“.', 'Öffnen Sie die App „Einstellungen“.'),
        s('Tippe auf „Apps“, dann auf „Safari“.', 'Tippen Sie auf „Apps“, dann auf „Safari“.'),
        s('Stelle Kamera und Mikrofon auf „Erlauben“.', 'Stellen Sie Kamera und Mikrofon auf „Erlauben“.'),
      ],
      mac: [
        s('Öffne die Systemeinstellungen.', 'Öffnen Sie die Systemeinstellungen.'),
        s('Wähle „Datenschutz & Sicherheit“.', 'Wählen Sie „Datenschutz & Sicherheit“.'),
        s('Schalte den Browser bei Mikrofon und Kamera ein.', 'Schalten Sie den Browser bei Mikrofon und Kamera ein.'),
      ],
      windows: [
        s('Öffne die Einstellungen von Windows.', 'Öffnen Sie die Einstellungen von Windows.'),
        s('Wähle „Datenschutz und Sicherheit“.', 'Wählen Sie „Datenschutz und Sicherheit“.'),
        s('Erlaube Mikrofon und Kamera für Desktop-Apps.', 'Erlauben Sie Mikrofon und Kamera für Desktop-Apps.'),
      ],
      android: [
        s('Öffne die App „Einstellungen“.', 'Öffnen Sie die App „Einstellungen“.'),
        s('Tippe auf „Apps“, dann auf den Browser.', 'Tippen Sie auf „Apps“, dann auf den Browser.'),
        s('Erlaube Mikrofon und Kamera.', 'Erlauben Sie Mikrofon und Kamera.'),
      ],
      other: [
        s('Öffne die Einstellungen des Geräts.', 'Öffnen Sie die Einstellungen des Geräts.'),
        s('Suche nach „Datenschutz“.', 'Suchen Sie nach „Datenschutz“.'),
        s('Erlaube dem Browser Mikrofon und Kamera.', 'Erlauben Sie dem Browser Mikrofon und Kamera.'),
      ],
    },
    picture: 'Adresszeile des Browsers, das Zeichen links ist markiert',
    elsewhere: s('Bei mir sieht das anders aus', 'Bei mir sieht das anders aus'),
    platformLabel: s('Womit bist du hier?', 'Womit sind Sie hier?'),
    platform: {
      ipad: 'iPad',
      iphone: 'iPhone',
      android: 'Android',
      chrome: 'Computer mit Chrome oder Edge',
      firefox: 'Computer mit Firefox',
      safari: 'Mac mit Safari',
      other: 'etwas anderes',
    } as Record<Platform, string>,
  },
  dismissed: {
    title: 'Die Frage blieb offen',
    text: s(
      'Der Browser hat gefragt, ob er Mikrofon und Kamera benutzen darf. Versuch es noch einmal und tippe auf „Erlauben“.',
      'Der Browser hat gefragt, ob er Mikrofon und Kamera benutzen darf. Versuchen Sie es noch einmal und wählen Sie „Erlauben“.',
    ),
  },
  missing: {
    title: {
      microphone: 'Kein Mikrofon gefunden',
      camera: 'Keine Kamera gefunden',
      both: 'Weder Mikrofon noch Kamera gefunden',
    } as Record<CaptureDevice, string>,
    text: {
      microphone: s('Ist es eingesteckt? Dann suchen wir neu. Zuhören geht auch ohne.', 'Ist es eingesteckt, suchen wir neu. Zuhören geht auch ohne.'),
      camera: s('Unterricht geht auch nur mit Ton. Ist sie eingesteckt? Dann suchen wir neu.', 'Unterricht geht auch nur mit Ton. Ist sie eingesteckt, suchen wir neu.'),
      both: s('Sind sie eingesteckt? Dann suchen wir neu. Zuhören geht auch ohne.', 'Sind sie eingesteckt, suchen wir neu. Zuhören und zusehen geht auch ohne.'),
    } as Record<CaptureDevice, string>,
    again: 'Neu suchen',
  },
  inUse: {
    title: { microphone: 'Das Mikrofon ist belegt', camera: 'Die Kamera ist belegt', both: 'Mikrofon und Kamera sind belegt' } as Record<CaptureDevice, string>,
    text: s(
      'Ein anderes Programm benutzt sie gerade, zum Beispiel ein Videoanruf. Schließ es, dann versuch es noch einmal.',
      'Ein anderes Programm benutzt sie gerade, zum Beispiel ein Videoanruf. Schließen Sie es und versuchen Sie es dann noch einmal.',
    ),
  },
  insecure: {
    title: 'Diese Seite ist nicht sicher geöffnet',
    text: s(
      'Der Browser gibt Mikrofon und Kamera nur an sichere Seiten. Frag nach einem Link, der mit https beginnt.',
      'Browser geben Mikrofon und Kamera nur an sichere Seiten. Der Link muss mit https beginnen; die IT der Schule kann das einrichten.',
    ),
  },
  failed: {
    title: {
      microphone: 'Das Mikrofon startet nicht',
      camera: 'Die Kamera startet nicht',
      both: 'Mikrofon und Kamera starten nicht',
    } as Record<CaptureDevice, string>,
    text: s(
      'Der Browser nennt keinen klaren Grund. Zieh das Gerät ab und steck es neu ein. Oder starte den Browser neu.',
      'Der Browser nennt keinen klaren Grund. Oft hilft es, das Gerät neu einzustecken oder den Browser neu zu starten.',
    ),
    detail: 'Für die IT:',
  },
  screenProblem: {
    title: 'Der Bildschirm lässt sich nicht zeigen',
    text: s('Der Browser oder das Gerät erlaubt es gerade nicht.', 'Der Browser oder das Gerät erlaubt es gerade nicht. Auf dem Mac hilft „Bildschirmaufnahme“ in den Systemeinstellungen.'),
  },
  secondProblem: {
    title: 'Die zweite Kamera startet nicht',
    text: 'Manche Geräte zeigen nur eine Kamera zugleich. Oder ein anderes Programm benutzt sie.',
  },
  without: { microphone: 'Nur zuhören', camera: 'Nur mit Ton', both: 'Nur zuhören' } as Record<CaptureDevice, string>,
  back: 'Zurück',
});
