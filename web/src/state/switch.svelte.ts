import type { CaptureProblem, CaptureState } from './types';

/** What became of capturing it. */
export type Capture =
  | { readonly kind: 'closed' | 'asking' | 'open' }
  | { readonly kind: 'problem'; readonly problem: CaptureProblem };

/**
 * The switch of the microphone or the camera. Three things that must not be mixed up: what its owner wants, what is
 * captured, and whether somebody else keeps it off. Capturing anew never changes what is wanted.
 */
export class DeviceSwitch {
  /** Only the owner's tap changes it. `unsaid`: joining opens it. */
  wish = $state<'unsaid' | 'on' | 'off'>('unsaid');
  /** Muted by the server's word; only the owner's tap lifts it. */
  held = $state(false);
  capture = $state.raw<Capture>({ kind: 'closed' });

  constructor(off: boolean) {
    if (off) this.wish = 'off';
  }

  /** What is captured may be sent. */
  get mayBeOn(): boolean {
    return this.wish !== 'off' && !this.held;
  }

  tapOn(): void {
    this.wish = 'on';
    this.held = false;
  }

  get state(): CaptureState {
    const { capture } = this;
    if (capture.kind === 'asking') return { kind: 'asking' };
    if (!this.mayBeOn) return { kind: 'off' };
    if (capture.kind === 'open') return { kind: 'on' };
    return capture.kind === 'problem' ? capture : { kind: 'closed' };
  }
}
