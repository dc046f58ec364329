/** Keeps the screen on while a lesson is held: a tablet on a music stand is not touched for an hour. */
export class WakeLock {
  #sentinel: WakeLockSentinel | null = null;
  #wanted = false;

  acquire(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    document.addEventListener('visibilitychange', this.#renew);
    this.#renew();
  }

  release(): void {
    this.#wanted = false;
    document.removeEventListener('visibilitychange', this.#renew);
    void this.#sentinel?.release().catch(() => undefined);
    this.#sentinel = null;
  }

  // The system drops the lock whenever the page is hidden.
  readonly #renew = () => {
    if (document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
    navigator.wakeLock
      .request('screen')
      .then((sentinel) => {
        if (this.#wanted) this.#sentinel = sentinel;
        else void sentinel.release().catch(() => undefined);
      })
      .catch(() => {
        // Battery saver: the screen may go dark, the sound goes on.
      });
  };
}
