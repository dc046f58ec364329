import type { Phase } from '../core/session';
import type { Connection, Verdict } from './types';

/** A socket that is back this soon took nothing from the lesson (media goes on without it): nobody is bothered. */
const GRACE_MS = 1200;
/** How long "back again" stays. */
const BACK_MS = 6000;

interface Surroundings {
  readonly microphone: 'on' | 'off';
  readonly verdict: Verdict;
}

/** Turns the session's phases into what a person should know about the connection. */
export class ConnectionStore {
  #state = $state.raw<'starting' | 'connected' | 'reconnecting' | 'back'>('starting');
  #since = $state.raw(0);
  #attempt = $state.raw(1);
  #missedSeconds = $state.raw(0);
  #online = $state.raw(navigator.onLine);
  #graceTimer: ReturnType<typeof setTimeout> | undefined;
  #backTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #surroundings: () => Surroundings;

  constructor(surroundings: () => Surroundings) {
    this.#surroundings = surroundings;
    window.addEventListener('online', this.#onNetwork);
    window.addEventListener('offline', this.#onNetwork);
  }

  get value(): Connection {
    const { microphone, verdict } = this.#surroundings();
    switch (this.#state) {
      case 'starting':
        return { kind: 'starting' };
      case 'reconnecting':
        return { kind: 'reconnecting', since: this.#since, attempt: this.#attempt, online: this.#online, microphone };
      case 'back':
        return { kind: 'back', missedSeconds: this.#missedSeconds, microphone };
      case 'connected':
        return { kind: 'connected', quality: qualityOf(verdict) };
    }
  }

  take(phase: Phase): void {
    if (phase.kind === 'connected') this.#connected();
    else if (phase.kind === 'reconnecting') this.#lost(phase.attempt);
    // 'starting' after a loss: still on the way back.
  }

  close(): void {
    clearTimeout(this.#graceTimer);
    clearTimeout(this.#backTimer);
    window.removeEventListener('online', this.#onNetwork);
    window.removeEventListener('offline', this.#onNetwork);
  }

  #connected(): void {
    clearTimeout(this.#graceTimer);
    this.#graceTimer = undefined;
    if (this.#state === 'reconnecting') {
      this.#missedSeconds = Math.max(1, Math.round((Date.now() - this.#since) / 1000));
      this.#state = 'back';
      clearTimeout(this.#backTimer);
      this.#backTimer = setTimeout(() => {
        if (this.#state === 'back') this.#state = 'connected';
      }, BACK_MS);
    } else if (this.#state === 'starting') {
      this.#state = 'connected';
    }
  }

  #lost(attempt: number): void {
    this.#attempt = attempt;
    if (this.#state === 'reconnecting' || this.#graceTimer !== undefined) return;
    const since = Date.now();
    this.#graceTimer = setTimeout(() => {
      this.#graceTimer = undefined;
      this.#since = since;
      this.#state = 'reconnecting';
    }, GRACE_MS);
  }

  readonly #onNetwork = () => {
    this.#online = navigator.onLine;
  };
}

function qualityOf(verdict: Verdict): 'good' | 'fair' | 'poor' {
  // A bad microphone is not a bad connection.
  if (verdict.kind !== 'fair' && verdict.kind !== 'poor') return 'good';
  const ofTheWay = verdict.reasons.filter((r) => r === 'gaps_received' || r === 'loss_sent' || r === 'slow_way');
  return ofTheWay.length > 0 ? verdict.kind : 'good';
}
