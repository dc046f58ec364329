/** First waits are short: a server that restarts is back within a second or two, and somebody is in the middle of a lesson. */
const FIRST_WAITS_MS = [100, 250, 500] as const;

/** For the first attempts after these: about 30 s of looking twice a second. */
const PATIENT_FROM_ATTEMPT = 60;
const EAGER_WAIT_MS = 500;
const PATIENT_WAIT_MS = 2000;

/** A whole staff room must not come back in the same millisecond. */
const JITTER = 0.25;

/**
 * How long to wait before the attempt number `attempt` (1 = the first after a loss), in milliseconds.
 * `random` is in 0..1.
 */
export function reconnectDelay(attempt: number, random: number): number {
  const base =
    FIRST_WAITS_MS[attempt - 1] ?? (attempt < PATIENT_FROM_ATTEMPT ? EAGER_WAIT_MS : PATIENT_WAIT_MS);
  return Math.min(PATIENT_WAIT_MS, Math.round(base * (1 - JITTER + 2 * JITTER * random)));
}
