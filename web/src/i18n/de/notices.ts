import type { ProcessingStep, Repair, TrackSource } from '../../state/types';
import type { Format } from '../format';
import type { Speak } from './index';

/** What is wrong, why, and the word on the one button. Problems of permission and presence are in `devices`. */
export const notices = (s: Speak, f: Format) => ({
  more: (count: number) => f.plural(count, { one: 'und ein weiterer Hinweis', other: `und ${f.number(count)} weitere Hinweise` }),
  dismiss: 'Hinweis schließen',
  repair: {
    restart_microphone: 'Neu starten',
    restart_camera: 'Neu starten',
    use_other_microphone: 'Anderes nehmen',
    use_other_camera: 'Andere nehmen',
    use_builtin_microphone: 'Eingebautes nehmen',
    switch_processing_off: 'Ausschalten',
    wear_headphones: 'Kopfhörer sind auf',
    play_sound: 'Ton einschalten',
    unmute: 'Ton an',
    try_again: 'Noch einmal',
  } as Record<Repair, string>,
  pictureOn: 'Bild an',
  microphone_silent: {
    title: s('Dein Mikrofon ist still', 'Ihr Mikrofon ist still'),
    text: (seconds: number) =>
      `Es ist an, liefert aber seit ${f.number(seconds)} ${f.plural(seconds, { one: 'Sekunde', other: 'Sekunden' })} keinen Ton.`,
    ipad: 'Das passiert auf dem iPad nach einem Anruf oder nach Siri.',
  },
  microphone_interrupted: {
    title: s('Dein Mikrofon wurde unterbrochen', 'Ihr Mikrofon wurde unterbrochen'),
    text: {
      in_front: 'Ein Anruf, Siri oder ein anderes Programm hat es gerade. Danach hilft ein Neustart.',
      in_background: 'Auftakt war im Hintergrund. Da nimmt das Gerät das Mikrofon weg.',
    },
  },
  camera_interrupted: {
    title: s('Deine Kamera wurde unterbrochen', 'Ihre Kamera wurde unterbrochen'),
    text: {
      in_front: 'Ein anderes Programm hat sie, oder die Hülle ist zu. Der Ton läuft weiter.',
      in_background: 'Auftakt war im Hintergrund. Da nimmt das Gerät die Kamera weg.',
    },
  },
  microphone_lost: {
    title: 'Das Mikrofon ist weg',
    text: (label: string) => (label === '' ? 'Es wurde abgezogen. Ein anderes kann übernehmen.' : `„${label}“ wurde abgezogen. Ein anderes kann übernehmen.`),
  },
  camera_lost: {
    title: 'Die Kamera ist weg',
    text: (label: string) => (label === '' ? 'Sie wurde abgezogen. Der Ton läuft weiter.' : `„${label}“ wurde abgezogen. Der Ton läuft weiter.`),
  },
  microphone_mono: {
    title: 'Nur ein Kanal',
    text: 'Das Mikrofon liefert Mono. Studio klingt erst mit zwei Kanälen, wie es kann.',
    enough: 'Das Mikrofon liefert Mono. Für Unterricht reicht das.',
  },
  microphone_bluetooth: {
    title: 'Bluetooth-Mikrofon',
    text: (khz: number | null) => (khz === null ? 'Es klingt wie ein Telefon.' : `Es klingt wie ein Telefon: nur bis ${f.number(khz)} kHz.`),
  },
  voice_processing: {
    title: 'Ein Sprachfilter ist aktiv',
    text: (which: readonly string[]) => `Er verschluckt leise und lange Töne (${f.list(which)}).`,
  },
  step: {
    echo_cancellation: 'Echo-Unterdrückung',
    noise_suppression: 'Rausch-Unterdrückung',
    automatic_gain: 'Lautstärke-Automatik',
  } as Record<ProcessingStep, string>,
  echo_cancellation_needed: {
    title: 'Das Echo wird gedämpft',
    text: s('Das muss ohne Kopfhörer sein. Mit Kopfhörern klingt es schöner.', 'Ohne Kopfhörer ist das nötig und kostet etwas Klang. Mit Kopfhörern klingt es besser.'),
  },
  sound_blocked: {
    title: 'Der Ton ist noch aus',
    text: s('Der Browser wartet auf einen Tipp von dir. Danach hörst du alles.', 'Der Browser spielt Ton erst nach einem Tippen. Danach hören Sie alles.'),
  },
  muted_by: {
    title: (name: string, source: TrackSource) => {
      if (name === '') return source === 'microphone' ? s('Dein Mikrofon ist noch stumm', 'Ihr Mikrofon ist noch stumm') : s('Dein Bild ist noch aus', 'Ihr Bild ist noch aus');
      return source === 'microphone'
        ? s(`${name} hat dein Mikrofon stumm geschaltet`, `${name} hat Ihr Mikrofon stumm geschaltet`)
        : s(`${name} hat dein Bild ausgeschaltet`, `${name} hat Ihr Bild ausgeschaltet`);
    },
    text: s('Nur du selbst kannst es wieder einschalten.', 'Nur Sie selbst können es wieder einschalten.'),
  },
  asked_to_unmute: {
    title: (name: string) => s(`${name} möchte dich hören`, `${name} möchte Sie hören`),
    text: s('Dein Mikrofon bleibt aus, bis du es einschaltest.', 'Ihr Mikrofon bleibt aus, bis Sie es einschalten.'),
  },
  screen_taken_over: {
    title: (name: string) => `${name} zeigt jetzt den Bildschirm`,
    text: s('Deiner ist nicht mehr zu sehen. Nur einer ist zugleich erlaubt.', 'Ihrer ist nicht mehr zu sehen. Nur einer ist zugleich erlaubt.'),
  },
  beyond_seats: {
    title: 'Nicht alle passen auf diese Seite',
    text: (count: number) =>
      `${f.number(count)} ${f.plural(count, { one: 'Person ist', other: 'Personen sind' })} hier weder zu sehen noch zu hören. Wer, steht in der Liste der Personen.`,
  },
  // Chips in the room's top line, so that trouble is seen when no banner is open.
  chip: { sound: 'Mikrofon liefert keinen Ton', picture: 'Kamera liefert kein Bild' },
});
