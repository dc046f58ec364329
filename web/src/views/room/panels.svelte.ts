import { tick } from 'svelte';

/** The panel beside the stage, one at a time, and where the focus goes back to when it closes. */
export class Panels<Name extends string> {
  open = $state<Name | null>(null);
  #opener: HTMLElement | null = null;

  show(next: Name): void {
    if (this.open === null && document.activeElement instanceof HTMLElement) this.#opener = document.activeElement;
    this.open = next;
  }

  async close(): Promise<void> {
    if (this.open === null) return;
    const inside = document.activeElement?.closest('.side') !== null;
    const opener = this.#opener;
    this.open = null;
    this.#opener = null;
    await tick();
    // Only a focus that would be lost goes back; somebody who already moved on is left alone.
    if (inside && opener?.isConnected === true) opener.focus();
  }

  toggle(which: Name): void {
    if (this.open === which) void this.close();
    else this.show(which);
  }
}
