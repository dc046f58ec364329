import type { Format } from '../format';
import type { Messages } from '../words.svelte';

export const notices = (f: Format): Messages['notices'] => ({
  more: (count) => f.plural(count, { one: 'and one more hint', other: `and ${f.number(count)} more hints` }),
  dismiss: 'Close this hint',
  repair: {
    restart_microphone: 'Restart',
    restart_camera: 'Restart',
    use_other_microphone: 'Use another',
    use_other_camera: 'Use another',
    use_builtin_microphone: 'Use the built-in one',
    switch_processing_off: 'Switch off',
    wear_headphones: 'Headphones are on',
    play_sound: 'Switch on sound',
    unmute: 'Unmute',
    try_again: 'Try again',
  },
  pictureOn: 'Picture on',
  microphone_silent: {
    title: 'Your microphone is silent',
    text: (seconds) => `It is on, but has delivered no sound for ${f.number(seconds)} ${f.plural(seconds, { one: 'second', other: 'seconds' })}.`,
    ipad: 'This happens on the iPad after a call or after Siri.',
  },
  microphone_interrupted: {
    title: 'Your microphone was interrupted',
    text: {
      in_front: 'A call, Siri or another program has it right now. A restart helps afterwards.',
      in_background: 'Auftakt was in the background. There the device takes the microphone away.',
    },
  },
  camera_interrupted: {
    title: 'Your camera was interrupted',
    text: {
      in_front: 'Another program has it, or the cover is closed. The sound goes on.',
      in_background: 'Auftakt was in the background. There the device takes the camera away.',
    },
  },
  microphone_lost: {
    title: 'The microphone is gone',
    text: (label) => (label === '' ? 'It was unplugged. Another one can take over.' : `“${label}” was unplugged. Another one can take over.`),
  },
  camera_lost: {
    title: 'The camera is gone',
    text: (label) => (label === '' ? 'It was unplugged. The sound goes on.' : `“${label}” was unplugged. The sound goes on.`),
  },
  microphone_mono: {
    title: 'One channel only',
    text: 'The microphone delivers mono. Studio needs two channels to sound its best.',
    enough: 'The microphone delivers mono. That is enough for a lesson.',
  },
  microphone_bluetooth: {
    title: 'Bluetooth microphone',
    text: (khz) => (khz === null ? 'It sounds like a telephone.' : `It sounds like a telephone: only up to ${f.number(khz)} kHz.`),
  },
  voice_processing: {
    title: 'A voice filter is active',
    text: (which) => `It swallows soft and held notes (${f.list(which)}).`,
  },
  step: { echo_cancellation: 'echo cancellation', noise_suppression: 'noise suppression', automatic_gain: 'automatic gain' },
  echo_cancellation_needed: {
    title: 'The echo is dampened',
    text: 'Without headphones this is needed and costs a little sound. With headphones it sounds better.',
  },
  sound_blocked: {
    title: 'The sound is still off',
    text: 'The browser plays sound only after a tap. Then you hear everything.',
  },
  muted_by: {
    title: (name, source) => {
      if (name === '') return source === 'microphone' ? 'Your microphone is still muted' : 'Your picture is still off';
      return source === 'microphone' ? `${name} muted your microphone` : `${name} switched off your picture`;
    },
    text: 'Only you can switch it on again.',
  },
  asked_to_unmute: {
    title: (name) => `${name} would like to hear you`,
    text: 'Your microphone stays off until you switch it on.',
  },
  screen_taken_over: {
    title: (name) => `${name} shows a screen now`,
    text: 'Yours is no longer shown. Only one is allowed at a time.',
  },
  beyond_seats: {
    title: 'Not everybody fits on this page',
    text: (count) => `${f.number(count)} ${f.plural(count, { one: 'person is', other: 'people are' })} neither seen nor heard here. The list of people says who.`,
  },
  chip: { sound: 'Microphone delivers no sound', picture: 'Camera delivers no picture' },
});
