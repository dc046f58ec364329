import { showOwn } from '../core/playback';
import type { WaitingView } from './conference';
import type { Equipment } from './equipment.svelte';
import type { DeviceChoice, LinkInfo, Notice } from './types';

export interface WaitingOptions {
  readonly link: LinkInfo;
  readonly name: string;
  readonly equipment: Equipment;
  onLeave(): void;
}

/** In front of the door: the own picture and level go on, nothing leaves the machine. */
export class WaitingStore implements WaitingView {
  readonly link: LinkInfo;
  readonly name: string;
  readonly devices: DeviceChoice;
  since = $state(0);
  hosts = $state.raw<readonly string[]>([]);
  connected = $state(true);
  readonly #equipment: Equipment;
  readonly #onLeave: () => void;

  constructor({ link, name, equipment, onLeave }: WaitingOptions) {
    this.link = link;
    this.name = name;
    this.devices = equipment.devices;
    this.#equipment = equipment;
    this.#onLeave = onLeave;
  }

  /** The server says who can let us in, and that it is there. */
  take(since: number, hosts: readonly string[]): void {
    this.since = since;
    this.hosts = hosts;
    this.connected = true;
  }

  lost(): void {
    this.connected = false;
  }

  get microphone() {
    return this.#equipment.microphone;
  }
  get camera() {
    return this.#equipment.camera;
  }
  get level() {
    return this.#equipment.level;
  }
  get preview() {
    return this.#equipment.picture;
  }
  get notices() {
    return this.#equipment.notices;
  }

  showOwnPicture = (element: HTMLVideoElement): (() => void) => {
    const { preview } = this;
    return preview ? showOwn(element, preview.stream) : () => undefined;
  };
  toggleMicrophone = (): void => {
    void this.#equipment.toggleMicrophone();
  };
  toggleCamera = (): void => {
    void this.#equipment.toggleCamera();
  };
  repair = (notice: Notice): void => {
    this.#equipment.repair(notice);
  };
  leave = (): void => {
    this.#onLeave();
  };
}
