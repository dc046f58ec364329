import { bluetoothMicrophone } from '../core/constraints';
import type { Headphones, Processing } from '../core/profile';
import type { CaptureProblem, Notice, NoticeKind, ProcessingStep, Repair, SoundProfile, TrackSource } from './types';

/** `null`: it is not. */
export type Interrupted = 'in_front' | 'in_background' | null;

/** What is known about the own devices; everything the rules below look at. */
export interface EquipmentFacts {
  readonly microphoneOn: boolean;
  /** Neither switched off nor muted. */
  readonly cameraMayBeOn: boolean;
  readonly microphoneLabel: string;
  readonly microphones: number;
  readonly sampleRate: number | null;
  readonly silentSeconds: number | null;
  readonly channels: 'mono' | 'stereo' | null;
  /** Where the page was when the system took the device. */
  readonly interrupted: { readonly microphone: Interrupted; readonly camera: Interrupted };
  /** Label of the device that went away. */
  readonly lost: { readonly microphone: string | null; readonly camera: string | null };
  readonly problem: CaptureProblem | null;
  readonly profile: SoundProfile;
  readonly headphones: Headphones;
  readonly wanted: Processing;
  /** What the browser says is active; `null` where it does not tell. */
  readonly active: { readonly [step in keyof Processing]: boolean | null };
}

const STEPS: readonly (readonly [keyof Processing, ProcessingStep])[] = [
  ['echoCancellation', 'echo_cancellation'],
  ['noiseSuppression', 'noise_suppression'],
  ['autoGainControl', 'automatic_gain'],
];

/** Steps that work although they should not: they swallow soft and long notes. */
export function unwantedSteps({ wanted, active }: Pick<EquipmentFacts, 'wanted' | 'active'>): ProcessingStep[] {
  return STEPS.filter(([key]) => !wanted[key] && active[key] === true).map(([, step]) => step);
}

/** What is wrong with the own microphone and camera, most urgent first. */
export function equipmentNotices(facts: EquipmentFacts): Notice[] {
  const notices: Notice[] = [];
  const { lost, interrupted } = facts;
  if (lost.microphone !== null) {
    notices.push(banner({ kind: 'microphone_lost', label: lost.microphone }, 'use_other_microphone'));
  } else if (interrupted.microphone) {
    notices.push(banner({ kind: 'microphone_interrupted', while: interrupted.microphone }, 'restart_microphone'));
  } else if (facts.microphoneOn && facts.silentSeconds !== null) {
    notices.push(banner({ kind: 'microphone_silent', seconds: facts.silentSeconds }, 'restart_microphone'));
  }
  if (facts.problem) notices.push(banner({ kind: 'capture_problem', problem: facts.problem }, 'try_again', true));
  // A camera that is off on purpose is missed by nobody.
  if (facts.cameraMayBeOn && lost.camera !== null) {
    notices.push(callout({ kind: 'camera_lost', label: lost.camera }, 'use_other_camera'));
  } else if (facts.cameraMayBeOn && interrupted.camera) {
    notices.push(callout({ kind: 'camera_interrupted', while: interrupted.camera }, 'restart_camera'));
  }
  if (facts.microphoneOn) notices.push(...soundNotices(facts));
  return notices;
}

function soundNotices(facts: EquipmentFacts): Notice[] {
  const notices: Notice[] = [];
  const music = facts.profile !== 'speech';
  const bluetooth = bluetoothMicrophone(facts.microphoneLabel, facts.sampleRate);
  const another = facts.microphones > 1;
  if (bluetooth) {
    const what: NoticeKind = { kind: 'microphone_bluetooth', label: facts.microphoneLabel, ...bluetooth };
    notices.push(callout(what, another ? 'use_builtin_microphone' : null));
  }
  const which = unwantedSteps(facts);
  if (which.length > 0) notices.push(callout({ kind: 'voice_processing', which }, 'switch_processing_off'));
  if (music && facts.wanted.echoCancellation) {
    // Echo cancellation may make mono of any microphone: headphones come first, another microphone after them.
    notices.push(inProof({ kind: 'echo_cancellation_needed' }, 'wear_headphones'));
  } else if (music && facts.channels === 'mono') {
    // One channel is enough for a lesson. Who chose the best sound there is would like to have the other one as well.
    const enough = facts.profile !== 'studio';
    notices.push(inProof({ kind: 'microphone_mono', enough }, another && !enough ? 'use_other_microphone' : null));
  }
  return notices;
}

export function soundBlocked(): Notice {
  return banner({ kind: 'sound_blocked' }, 'play_sound');
}

export function mutedBy(name: string, source: TrackSource): Notice {
  return callout({ kind: 'muted_by', name, source }, 'unmute');
}

export function askedToUnmute(name: string): Notice {
  return callout({ kind: 'asked_to_unmute', name }, 'unmute');
}

export function screenTakenOver(name: string): Notice {
  return callout({ kind: 'screen_taken_over', name }, null);
}

export function notAllFit(count: number): Notice {
  return callout({ kind: 'beyond_seats', count }, null);
}

/** Which notices the sound proof repeats. */
export function concernsSound({ what }: Notice): boolean {
  return what.kind.startsWith('microphone_') || what.kind === 'voice_processing' || what.kind === 'echo_cancellation_needed';
}

function banner(what: NoticeKind, repair: Repair | null, dismissible = false): Notice {
  return { id: what.kind, placement: 'banner', what, repair, dismissible };
}

function callout(what: NoticeKind, repair: Repair | null): Notice {
  return { id: what.kind, placement: 'callout', what, repair, dismissible: true };
}

function inProof(what: NoticeKind, repair: Repair | null): Notice {
  return { id: what.kind, placement: 'proof', what, repair, dismissible: false };
}
