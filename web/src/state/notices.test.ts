import { describe, expect, it } from 'vitest';
import { wantedProcessing } from '../core/profile';
import { concernsSound, type EquipmentFacts, equipmentNotices } from './notices';
import { initialsOf, toParticipant, toSeats } from './people';

function facts(over: Partial<EquipmentFacts> = {}): EquipmentFacts {
  const profile = over.profile ?? 'music';
  const headphones = over.headphones ?? 'yes';
  return {
    microphoneOn: true,
    cameraMayBeOn: true,
    microphoneLabel: 'iPad-Mikrofon',
    microphones: 1,
    sampleRate: 48_000,
    silentSeconds: null,
    channels: 'stereo',
    interrupted: { microphone: null, camera: null },
    lost: { microphone: null, camera: null },
    problem: null,
    profile,
    headphones,
    wanted: wantedProcessing(profile, headphones),
    active: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    ...over,
  };
}

const kinds = (over: Partial<EquipmentFacts>) => equipmentNotices(facts(over)).map(({ what, repair }) => [what.kind, repair]);

describe('notices about the own devices', () => {
  it('ask for headphones before another microphone, with one tap', () => {
    expect(kinds({ channels: 'mono', microphones: 2, headphones: 'no' })).toEqual([['echo_cancellation_needed', 'wear_headphones']]);
    expect(kinds({ channels: 'mono', microphones: 2, profile: 'studio' })).toEqual([['microphone_mono', 'use_other_microphone']]);
    // Enough for a lesson: nothing to repair.
    expect(kinds({ channels: 'mono', microphones: 2 })).toEqual([['microphone_mono', null]]);
  });

  it('are none when all is well', () => {
    expect(kinds({})).toEqual([]);
  });

  it('explain a microphone that delivers nothing, with one repair', () => {
    expect(kinds({ silentSeconds: 6 })).toEqual([['microphone_silent', 'restart_microphone']]);
    expect(kinds({ silentSeconds: 6, microphoneOn: false })).toEqual([]);
  });

  it('say one thing about the microphone at a time, the deepest reason', () => {
    const all = {
      silentSeconds: 9,
      interrupted: { microphone: 'in_background' as const, camera: null },
      lost: { microphone: 'USB', camera: null },
    };
    expect(kinds(all)).toEqual([['microphone_lost', 'use_other_microphone']]);
    expect(kinds({ ...all, lost: { microphone: null, camera: null } })).toEqual([
      ['microphone_interrupted', 'restart_microphone'],
    ]);
  });

  it('miss a camera only while it is wanted', () => {
    const gone = { interrupted: { microphone: null, camera: 'in_front' as const } };
    expect(kinds(gone)).toEqual([['camera_interrupted', 'restart_camera']]);
    expect(kinds({ ...gone, cameraMayBeOn: false })).toEqual([]);
    expect(kinds({ lost: { microphone: null, camera: 'USB' }, cameraMayBeOn: false })).toEqual([]);
  });

  it('offer another microphone only when there is one', () => {
    expect(kinds({ microphoneLabel: 'AirPods' })).toEqual([['microphone_bluetooth', null]]);
    expect(kinds({ microphoneLabel: 'AirPods', microphones: 2 })).toEqual([
      ['microphone_bluetooth', 'use_builtin_microphone'],
    ]);
  });

  it('name the processing that stayed on against our wish', () => {
    const [notice] = equipmentNotices(
      facts({ active: { echoCancellation: true, noiseSuppression: true, autoGainControl: null } }),
    );
    expect(notice?.what).toEqual({ kind: 'voice_processing', which: ['echo_cancellation', 'noise_suppression'] });
  });

  it('put what only experts care for into the sound proof', () => {
    const notices = [...equipmentNotices(facts({ channels: 'mono' })), ...equipmentNotices(facts({ headphones: 'no' }))];
    expect(notices.map((notice) => [notice.what.kind, notice.placement])).toEqual([
      ['microphone_mono', 'proof'],
      ['echo_cancellation_needed', 'proof'],
    ]);
    expect(notices.every(concernsSound)).toBe(true);
    expect(kinds({ channels: 'mono', profile: 'speech' })).toEqual([]);
  });
});

describe('people', () => {
  const info = {
    id: 2,
    name: 'Hannah Sommerfeld-Nguyễn',
    role: 'student',
    sound_profile: 'music',
    present: true,
    hand: null,
    tracks: [
      { source: 'microphone', muted: false, muted_by_other: true },
      { source: 'camera', muted: false, muted_by_other: false },
    ],
  } as const;
  const participant = toParticipant({ ...info, tracks: [...info.tracks] }, 1, new Set([2]));

  it('are muted whoever muted them', () => {
    expect(participant).toMatchObject({ microphone: 'off', camera: 'on', isMe: false, speaking: true, initials: 'HS' });
  });

  it('have initials in every script', () => {
    expect(['', 'eva', '  Ådne  Ø. Ünal ', '李 小龙', '🎻 x'].map(initialsOf)).toEqual(['', 'E', 'ÅÜ', '李小', '🎻X']);
  });

  it('sit where the server put them, with a picture once it was drawn', () => {
    const infos = [{ ...info, tracks: [...info.tracks] }];
    const seated = [null, { participant: 2, stream: 'main' as const }, { participant: 9, stream: 'main' as const }];
    const seats = (seen: number[]) => toSeats(seated, [participant], infos, new Set(seen));
    expect(seats([])).toMatchObject([{ index: 1, key: '2-main', picture: 'waiting' }]);
    expect(seats([1])[0]?.picture).toBe('on');
  });
});
