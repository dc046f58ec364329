import type { AppStore, Screen } from './types';

/** Builds the store the views live on. */
export function createApp(_location: Location): AppStore {
  const screen = $state<Screen>({ kind: 'opening' });
  return {
    get screen() {
      return screen;
    },
    browser: { system: 'other', engine: 'other', supported: true, canShareScreen: false, canChooseSpeaker: false },
  };
}
