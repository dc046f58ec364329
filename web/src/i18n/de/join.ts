import type { Level, RoomKind } from '../../state/types';
import type { Format } from '../format';
import type { Speak } from './index';

export const join = (s: Speak, f: Format) => ({
  pictureRegion: s('Dein Bild und dein Ton', 'Ihr Bild und Ihr Ton'),
  formRegion: 'Vor dem Beitreten',
  preview: s('Dein Kamerabild', 'Ihr Kamerabild'),
  private: s('Nur du siehst dich', 'Nur Sie sehen sich'),
  stillClosed: {
    title: 'Noch ist alles aus',
    text: s('Kamera und Mikrofon gehen an, sobald du sie ausprobierst oder beitrittst.', 'Kamera und Mikrofon gehen an, sobald Sie sie ausprobieren oder beitreten.'),
    open: s('Bild und Ton ausprobieren', 'Bild und Ton ausprobieren'),
  },
  asking: {
    title: s('Der Browser fragt dich etwas', 'Der Browser fragt Sie etwas'),
    text: s('Tippe auf „Erlauben“, dann siehst du dich.', 'Wählen Sie „Erlauben“, dann sehen Sie sich.'),
  },
  cameraOff: { title: 'Die Kamera ist aus', text: s('Die anderen sehen deinen Namen.', 'Die anderen sehen Ihren Namen.') },
  cameraClosed: {
    title: 'Die Kamera ist noch aus',
    text: s('Die Kamera geht an, sobald du sie ausprobierst oder beitrittst.', 'Sie geht an, sobald Sie sie ausprobieren oder beitreten.'),
    open: 'Kamera ausprobieren',
  },
  microphone: { label: 'Mikrofon', on: 'Mikrofon an', off: 'Mikrofon aus' },
  camera: { label: 'Kamera', on: 'Kamera an', off: 'Kamera aus' },
  // Below the device's name: what will be in the room.
  fate: { on: 'ist an', later: 'beim Beitritt an', stays_off: 'bleibt aus', missing: 'fehlt' },
  level: {
    title: s('Spiel oder sprich etwas', 'Spielen oder sprechen Sie etwas'),
    note: 'Der Balken muss sich bewegen.',
    closed: s('Noch hört dich niemand. Das Mikrofon ist noch aus.', 'Noch hört Sie niemand. Das Mikrofon ist noch aus.'),
    staysOff: s('Noch hört dich niemand. Das Mikrofon bleibt aus.', 'Noch hört Sie niemand. Das Mikrofon bleibt aus.'),
    nobody: s('Noch hört dich niemand.', 'Noch hört Sie niemand.'),
    meter: 'Lautstärke',
    verdict: { none: 'Noch aus', silent: 'Kein Ton', quiet: 'Sehr leise', good: 'Gut so', loud: 'Zu laut' } as Record<Level['verdict'], string>,
    advice: {
      none: '',
      silent: s('Das Mikrofon liefert nichts. Nimm ein anderes Gerät.', 'Das Mikrofon liefert nichts. Wählen Sie ein anderes Gerät.'),
      quiet: s('Geh etwas näher heran.', 'Gehen Sie etwas näher heran.'),
      good: '',
      loud: s('Geh ein Stück zurück.', 'Gehen Sie ein Stück zurück.'),
    } as Record<Level['verdict'], string>,
    change: 'Geräte ändern',
  },
  devices: {
    title: 'Geräte',
    microphone: 'Mikrofon',
    camera: 'Kamera',
    speaker: 'Lautsprecher',
    standard: 'Standard dieses Geräts',
    unnamed: (what: string, index: number) => `${what} ${f.number(index)}`,
    front: 'vorne',
    back: 'hinten',
    needPermission: s('Probier erst Bild und Ton aus. Dann stehen hier die Geräte.', 'Probieren Sie erst Bild und Ton aus. Dann stehen hier die Geräte.'),
    systemSpeaker: s('Wo der Ton herauskommt, stellst du am Gerät ein.', 'Wo der Ton herauskommt, stellen Sie am Gerät selbst ein.'),
    testSpeaker: 'Ton abspielen',
    done: 'Fertig',
  },
  name: {
    label: s('Wie heißt du?', 'Ihr Name'),
    help: 'Die anderen sehen diesen Namen.',
    missing: s('Schreib hier deinen Namen hinein, zum Beispiel Hannah.', 'Hier fehlt noch Ihr Name, zum Beispiel Hannah Sommer.'),
    too_long: s('Dieser Name ist zu lang. Nimm einen kürzeren.', 'Dieser Name ist zu lang. Ein kürzerer genügt.'),
  },
  headphones: {
    question: s('Hast du Kopfhörer auf?', 'Haben Sie Kopfhörer auf?'),
    yes: 'Ja',
    no: 'Nein',
    help: {
      unanswered: s('Mit Kopfhörern klingt es am schönsten.', 'Mit Kopfhörern klingt es am besten.'),
      yes: s('Sehr gut. So klingt dein Instrument am schönsten.', 'Sehr gut. Alle Filter bleiben aus, so klingt Musik am besten.'),
      no: s('Geht auch. Dann dämpfen wir das Echo, das kostet etwas Klang.', 'Geht auch. Dann dämpfen wir das Echo, das kostet etwas Klang.'),
    },
  },
  check: {
    title: 'Klangprobe',
    idle: 'Fünf Sekunden aufnehmen, dann anhören.',
    record: 'Aufnehmen',
    recordingTitle: 'Aufnahme läuft',
    recording: (seconds: number) => `Noch ${f.number(seconds)} ${f.plural(seconds, { one: 'Sekunde', other: 'Sekunden' })}. ${s('Spiel etwas!', 'Spielen Sie etwas!')}`,
    recorded: s('So hören dich die anderen. Klingt das gut?', 'So hören die anderen Sie. Klingt das gut?'),
    silent: s('Es war nichts zu hören. Nimm ein anderes Mikrofon.', 'Es war nichts zu hören. Wählen Sie ein anderes Mikrofon.'),
    play: 'Anhören',
    again: 'Neu aufnehmen',
    playing: (seconds: number) => `Noch ${f.number(seconds)} ${f.plural(seconds, { one: 'Sekunde', other: 'Sekunden' })}.`,
    playingTitle: s('Das bist du', 'Das sind Sie'),
    stop: 'Anhalten',
    failed: 'Die Aufnahme ging nicht. Das Mikrofon fehlt noch.',
    local: s('Die Aufnahme bleibt auf deinem Gerät.', 'Die Aufnahme bleibt auf diesem Gerät.'),
  },
  connection: {
    title: 'Verbindung zur Schule',
    running: 'Wird geprüft …',
    good: (ms: number | null) => (ms === null ? 'Gut.' : `Gut. Ein Ton braucht ${f.number(Math.round(ms))} Millisekunden.`),
    slow: (ms: number) =>
      `${s('Etwas langsam', 'Etwas langsam')}. Ein Ton braucht ${f.number(Math.round(ms))} Millisekunden. ${s('Geh näher ans WLAN.', 'Näher am WLAN-Gerät wird es besser.')}`,
    blockedTitle: 'Der schnelle Weg ist gesperrt',
    blocked: s('Dieses Netz lässt Bild und Ton nicht durch. Nimm ein anderes WLAN.', 'Dieses Netz lässt Bild und Ton nicht durch (UDP). Ein anderes WLAN oder das Handynetz hilft.'),
    unreachableTitle: 'Keine Verbindung zur Schule',
    unreachable: s('Ist das WLAN an? Dann versuch es noch einmal.', 'Hat das Gerät Internet, startet der Server vielleicht gerade neu. Versuchen Sie es noch einmal.'),
    again: 'Verbindung noch einmal prüfen',
  },
  go: { lesson: 'Zum Unterricht', conference: 'Zur Konferenz' } as Record<RoomKind, string>,
  joining: { opening_devices: s('Der Browser fragt dich gleich …', 'Der Browser fragt Sie gleich …'), joining: 'Einen Moment …' },
  failed: {
    server_unreachable: {
      title: 'Die Schule ist gerade nicht erreichbar',
      text: s('Ist das WLAN an? Dann versuch es noch einmal.', 'Hat dieses Gerät Internet? Dann versuchen Sie es gleich noch einmal.'),
    },
  },
  privacy: {
    question: s('Was passiert mit meinem Bild und Ton?', 'Was passiert mit meinem Bild und Ton?'),
    answer: s(
      'Beides geht verschlüsselt über den Server deiner Schule. Nur die Menschen im Raum sehen und hören dich. Nichts wird aufgenommen.',
      'Beides geht verschlüsselt über den Server Ihrer Schule, an niemanden sonst. Nur die Menschen im Raum sehen und hören Sie. Nichts wird aufgezeichnet.',
    ),
  },
});
