import type { ErrorCode } from '../generated/wire';

/** What a refused message means for the session. */
export type Severity =
  /** It is over; the page says why. */
  | 'fatal'
  /** Come back with a new socket: the server or the network had a fault, not the person. */
  | 'reconnect'
  /** The offer did not work: a new peer connection may. */
  | 'renew_peer'
  /** Only what was just asked for did not happen. */
  | 'notice';

const SEVERITY: Readonly<Record<ErrorCode, Severity>> = {
  link_invalid: 'fatal',
  link_expired: 'fatal',
  room_full: 'fatal',
  replaced_elsewhere: 'fatal',
  version_mismatch: 'fatal',
  bad_message: 'fatal',
  message_too_large: 'fatal',
  too_fast: 'notice',
  too_slow: 'reconnect',
  not_allowed: 'notice',
  dismissed: 'fatal',
  removed: 'fatal',
  lobby_full: 'fatal',
  name_missing: 'fatal',
  name_too_long: 'fatal',
  chat_empty: 'notice',
  chat_too_long: 'notice',
  recipient_gone: 'notice',
  no_place_left: 'notice',
  list_too_long: 'notice',
  offer_refused: 'renew_peer',
  not_joined: 'fatal',
  server_fault: 'reconnect',
};

export function severityOf(code: ErrorCode): Severity {
  // A newer server may know codes this page does not: try again rather than give up.
  return (SEVERITY as Partial<Record<string, Severity>>)[code] ?? 'reconnect';
}

/** The reason of a close as a code this page has words for. */
export function knownCode(reason: string): ErrorCode {
  return Object.hasOwn(SEVERITY, reason) ? (reason as ErrorCode) : 'server_fault';
}

export type CaptureDevice = 'microphone' | 'camera' | 'both';

export type CaptureProblem =
  | { readonly kind: 'denied'; readonly device: CaptureDevice; readonly by: 'person' | 'system' }
  | { readonly kind: 'dismissed'; readonly device: CaptureDevice }
  | { readonly kind: 'missing'; readonly device: CaptureDevice }
  | { readonly kind: 'in_use'; readonly device: CaptureDevice }
  | { readonly kind: 'insecure'; readonly device: CaptureDevice }
  | { readonly kind: 'failed'; readonly device: CaptureDevice; readonly detail: string };

/** What a rejected `getUserMedia` or `getDisplayMedia` means (the names differ between browsers in nothing but text). */
export function captureProblem(error: unknown, device: CaptureDevice): CaptureProblem {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  const text = error instanceof Error ? error.message : String(error);
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      if (/system/i.test(text)) return { kind: 'denied', device, by: 'system' };
      if (/dismissed/i.test(text)) return { kind: 'dismissed', device };
      return { kind: 'denied', device, by: 'person' };
    case 'NotFoundError':
    case 'DevicesNotFoundError':
    case 'OverconstrainedError':
      return { kind: 'missing', device };
    case 'NotReadableError':
    case 'TrackStartError':
    case 'AbortError':
      return { kind: 'in_use', device };
    default:
      return { kind: 'failed', device, detail: name || text.slice(0, 200) };
  }
}
