import { canChooseSpeaker } from '../core/browser';
import type { Equipment } from './equipment.svelte';
import type { DeviceChoice } from './types';

/** The devices to choose from, as a view sees them. */
export function deviceChoice(equipment: Equipment): DeviceChoice {
  return {
    get microphones() {
      return equipment.lists.microphones;
    },
    get cameras() {
      return equipment.lists.cameras;
    },
    get speakers() {
      return canChooseSpeaker() ? equipment.lists.speakers : [];
    },
    get microphone() {
      return equipment.microphoneId;
    },
    get camera() {
      return equipment.cameraId;
    },
    get speaker() {
      return equipment.speaker;
    },
    chooseMicrophone: (id) => {
      equipment.chooseMicrophone(id);
    },
    chooseCamera: (id) => {
      equipment.chooseCamera(id);
    },
    chooseSpeaker: (id) => {
      equipment.chooseSpeaker(id);
    },
    testSpeaker: () => {
      equipment.audio.playTestTone(equipment.speaker);
    },
  };
}
