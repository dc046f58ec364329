/** Whether an own device is on but delivers nothing, read from the notices. */
import type { RoomView } from '../../state/types';

export interface DeviceTrouble {
  readonly microphone: boolean;
  readonly camera: boolean;
}

export function deviceTrouble(room: RoomView): DeviceTrouble {
  let microphone = false;
  let camera = false;
  for (const { what } of room.notices) {
    switch (what.kind) {
      case 'microphone_silent':
      case 'microphone_interrupted':
      case 'microphone_lost':
        microphone = true;
        break;
      case 'camera_interrupted':
      case 'camera_lost':
        camera = true;
        break;
      case 'capture_problem':
        microphone ||= what.problem.device !== 'camera';
        camera ||= what.problem.device !== 'microphone';
        break;
      default:
    }
  }
  return { microphone, camera };
}
