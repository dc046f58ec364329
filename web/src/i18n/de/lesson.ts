import type { Chat, Connection } from '../../state/types';
import type { Format } from '../format';
import type { Speak } from './index';

type Quality = Extract<Connection, { kind: 'connected' }>['quality'];

export const lesson = (s: Speak, f: Format) => ({
  stage: 'Bild',
  controls: 'Steuerung',
  clock: (time: string, minutes: number) =>
    minutes < 1 ? `${time} · gerade begonnen` : `${time} · seit ${f.number(minutes)} ${f.plural(minutes, { one: 'Minute', other: 'Minuten' })}`,
  quality: { good: 'Verbindung gut', fair: 'Verbindung schwankt', poor: 'Verbindung schlecht' } as Record<Quality, string>,
  starting: 'Verbindung wird aufgebaut',
  noConnection: 'Keine Verbindung',
  settings: 'Einstellungen',
  people: 'Personen',
  more: 'Mehr: Chat, Kamera, Einstellungen',
  moreTitle: 'Mehr',
  close: (what: string) => `${what} schließen`,

  microphone: {
    label: 'Mikrofon',
    off: 'Ton aus',
    offName: s('Mikrofon: Ton aus, niemand hört dich', 'Mikrofon: Ton aus, niemand hört Sie'),
    silent: 'Kein Ton',
    silentName: 'Mikrofon: Kein Ton, es ist an, liefert aber nichts',
    missing: 'Kein Mikrofon',
  },
  camera: {
    label: 'Kamera',
    off: 'Bild aus',
    offName: s('Kamera: Bild aus, niemand sieht dich', 'Kamera: Bild aus, niemand sieht Sie'),
    trouble: 'Kein Bild',
    troubleName: 'Kamera: Kein Bild, sie ist an, liefert aber nichts',
  },
  flip: 'Drehen',
  flipName: 'Kamera drehen',
  secondCamera: 'Kamera 2',
  secondCameraName: 'Kamera 2: zweite Kamera zeigen',
  secondCameraLong: 'Zweite Kamera zeigen',
  secondCameraOn: 'Zweite Kamera ausschalten',
  screen: 'Bildschirm',
  screenName: 'Bildschirm zeigen',
  screenOn: 'Bildschirm nicht mehr zeigen',
  sound: 'Klang',
  soundName: 'Klang: Klangnachweis',
  chat: 'Chat',
  chatName: (unread: number) => (unread === 0 ? 'Chat' : `Chat, ${f.number(unread)} ${f.plural(unread, { one: 'neue Nachricht', other: 'neue Nachrichten' })}`),
  chatUnread: (unread: number) => `${f.number(unread)} ${f.plural(unread, { one: 'neue Nachricht', other: 'neue Nachrichten' })}`,
  leave: 'Beenden',
  leaveName: 'Beenden: Unterricht verlassen',
  profile: 'Klangprofil',
  profileHelp: {
    speech: 'Für Gespräche: mono, mit Filtern gegen Lärm und Echo.',
    music: 'Für Instrumente und Gesang: Stereo, ohne Sprachfilter.',
    studio: 'Für gute Mikrofone und schnelles Netz: Stereo, höchste Güte.',
  },

  you: s('Du', 'Sie'),
  youMuted: s('Du, Ton aus', 'Sie, Ton aus'),
  ownPicture: s('Dein eigenes Bild', 'Ihr eigenes Bild'),
  ownSecond: s('Deine zweite Kamera', 'Ihre zweite Kamera'),
  ownScreen: s('Dein Bildschirm', 'Ihr Bildschirm'),
  move: s('Eigenes Bild verschieben: Pfeiltasten, oder tippen für die nächste Ecke', 'Eigenes Bild verschieben: Pfeiltasten, oder tippen für die nächste Ecke'),
  corner: {
    'top-left': 'Eigenes Bild oben links',
    'top-right': 'Eigenes Bild oben rechts',
    'bottom-left': 'Eigenes Bild unten links',
    'bottom-right': 'Eigenes Bild unten rechts',
  },
  picture: (name: string) => `Bild von ${name}`,
  screenOf: (name: string) => `Bildschirm von ${name}`,
  secondOf: (name: string) => `Zweite Kamera von ${name}`,
  waiting: 'Das Bild kommt gleich',
  muted: 'Ton aus',
  away: 'Verbindung kurz weg',
  alone: {
    title: s('Du bist da', 'Sie sind da'),
    text: s('Noch ist niemand sonst im Raum. Spiel dich ruhig ein.', 'Noch ist niemand sonst im Raum. Wer den Link hat, kommt hier direkt dazu.'),
  },

  chatPanel: {
    empty: s('Noch keine Nachrichten. Schreib etwas.', 'Noch keine Nachrichten. Alle im Raum lesen mit.'),
    emptyTitle: 'Chat im Unterricht',
    label: 'Nachricht an alle im Raum',
    hint: 'Nachricht an alle',
    send: 'Senden',
    log: 'Nachrichten',
    from: (name: string, text: string) => `Nachricht von ${name}: ${text}`,
    time: (time: string) => `${time} Uhr`,
    problem: {
      empty: 'Die Nachricht ist noch leer.',
      too_long: s('Die Nachricht ist zu lang. Teil sie auf.', 'Die Nachricht ist zu lang. Teilen Sie sie auf.'),
      not_connected: s('Gerade keine Verbindung. Dein Text bleibt stehen.', 'Gerade keine Verbindung. Ihr Text bleibt stehen.'),
      too_fast: s('Das ging sehr schnell. Warte kurz.', 'Das ging sehr schnell. Warten Sie kurz.'),
    } as Record<NonNullable<Chat['problem']>, string>,
  },
  peoplePanel: {
    microphoneOn: 'Mikrofon an',
    microphoneOff: 'Ton aus',
    microphoneNone: 'kein Mikrofon',
    screen: 'zeigt den Bildschirm',
    beyondSeats: 'hier weder zu sehen noch zu hören',
    mute: 'Stumm',
    muteName: (name: string) => `Stumm: ${name}`,
    muteHelp: 'Wieder einschalten kann nur jede Person selbst.',
    you: (name: string) => s(`${name} (du)`, `${name} (Sie)`),
  },
  settingsPanel: {
    room: 'Raum',
    dark: 'Dunkel',
    light: 'Hell',
    devices: 'Geräte',
    headphones: s('Hast du Kopfhörer auf?', 'Haben Sie Kopfhörer auf?'),
    language: 'Sprache',
    keys: 'Tasten',
    keysNote: 'Sie gelten, solange kein Textfeld offen ist.',
    key: {
      microphone: 'Mikrofon an oder aus',
      camera: 'Kamera an oder aus',
      chat: 'Chat',
      sound: 'Klangnachweis',
      people: 'Personen',
      profile: 'Sprache, Musik, Studio',
      help: 'Diese Hilfe',
      close: 'Schließen',
    },
  },
  lost: {
    title: 'Die Verbindung ist kurz weg',
    text: s('Wir verbinden von selbst neu. Du musst nichts tun, dein Platz bleibt frei.', 'Wir verbinden von selbst neu. Sie müssen nichts tun, Ihr Platz bleibt frei.'),
    online: 'Das Gerät ist im Netz',
    offline: 'Das Gerät hat gerade kein Netz',
    attempt: (count: number) => `Weg zur Schule wird gesucht, ${f.number(count)}. Versuch`,
    microphone: (on: boolean) => `Mikrofon bleibt danach, wie es war: ${on ? 'an' : 'aus'}`,
    now: 'Gleich versuchen',
    leave: 'Unterricht verlassen',
  },
  back: {
    title: 'Wieder verbunden.',
    text: (seconds: number, names: readonly string[], on: boolean) =>
      `${f.number(seconds)} ${f.plural(seconds, { one: 'Sekunde hat', other: 'Sekunden haben' })} gefehlt. ${
        on
          ? names.length === 0
            ? 'Das Mikrofon ist an.'
            : `${f.list(names)} ${f.plural(names.length, { one: 'hört', other: 'hören' })} ${s('dich', 'Sie')}.`
          : 'Das Mikrofon bleibt aus.'
      }`,
  },
  toast: {
    joined: (name: string) => `${name} ist da.`,
    left: (name: string) => `${name} ist gegangen.`,
    profileMine: (profile: string) => `Klangprofil: ${profile}.`,
    profileOther: (name: string, profile: string) => `${name} sendet jetzt mit dem Profil ${profile}.`,
    microphoneChanged: (label: string) => (label === '' ? 'Anderes Mikrofon in Benutzung.' : `Mikrofon jetzt: ${label}.`),
    screenWithSound: s('Die anderen sehen deinen Bildschirm und hören seinen Ton.', 'Die anderen sehen Ihren Bildschirm und hören seinen Ton.'),
    screenSilent: s(
      'Die anderen sehen deinen Bildschirm, aber ohne Ton. Den Ton wählst du beim Zeigen mit aus.',
      'Die anderen sehen Ihren Bildschirm, aber ohne Ton. Den Ton wählen Sie im Fenster des Browsers mit aus.',
    ),
    screenEnded: 'Der Bildschirm wird nicht mehr gezeigt.',
  },
  announce: {
    muted: s('Mikrofon aus. Niemand hört dich.', 'Mikrofon aus. Niemand hört Sie.'),
    unmuted: s('Mikrofon an. Die anderen hören dich.', 'Mikrofon an. Die anderen hören Sie.'),
    cameraOff: s('Kamera aus. Niemand sieht dich.', 'Kamera aus. Niemand sieht Sie.'),
    cameraOn: s('Kamera an. Die anderen sehen dich.', 'Kamera an. Die anderen sehen Sie.'),
  },
});
