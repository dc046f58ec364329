/** What the bar's buttons of microphone and camera show. */
import type { Messages } from '../../i18n/words.svelte';
import type { CaptureState, RoomView } from '../../state/types';
import type { IconName } from '../../ui/icons';
import { deviceTrouble } from './trouble';

export interface SwitchLook {
  readonly icon: IconName;
  readonly word: string;
  readonly name: string;
  readonly state: 'plain' | 'off' | 'warn';
}

export function switchLooks(room: RoomView, t: Messages['lesson']): { readonly microphone: SwitchLook; readonly camera: SwitchLook } {
  const trouble = deviceTrouble(room);
  return {
    microphone: look(room.microphone, trouble.microphone, t.microphone, ['mic', 'mic-off']),
    camera: look(room.camera, trouble.camera, t.camera, ['cam', 'cam-off']),
  };
}

function look(
  { kind }: CaptureState,
  trouble: boolean,
  t: Messages['lesson']['microphone' | 'camera'],
  [on, off]: readonly [IconName, IconName],
): SwitchLook {
  if (kind === 'problem') return { icon: off, word: t.missing, name: t.missingName, state: 'warn' };
  if (kind !== 'on') return { icon: off, word: t.off, name: t.offName, state: 'off' };
  if (trouble) return { icon: on, word: t.trouble, name: t.troubleName, state: 'warn' };
  return { icon: on, word: t.label, name: t.label, state: 'plain' };
}
