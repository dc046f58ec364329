import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../generated/wire';
import { captureProblem, severityOf } from './errors';

function named(name: string, message = ''): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}

describe('a refused capture', () => {
  it('tells denied, dismissed and denied by the system apart', () => {
    expect(captureProblem(named('NotAllowedError', 'Permission denied'), 'both')).toEqual({
      kind: 'denied',
      device: 'both',
      by: 'person',
    });
    expect(captureProblem(named('NotAllowedError', 'Permission denied by system'), 'camera')).toMatchObject({ by: 'system' });
    expect(captureProblem(named('NotAllowedError', 'Permission dismissed'), 'microphone').kind).toBe('dismissed');
  });

  it('tells missing from in use', () => {
    expect(captureProblem(named('NotFoundError'), 'camera')).toEqual({ kind: 'missing', device: 'camera' });
    expect(captureProblem(named('OverconstrainedError'), 'camera').kind).toBe('missing');
    expect(captureProblem(named('NotReadableError'), 'camera').kind).toBe('in_use');
  });

  it('keeps what it does not know, but not much of it', () => {
    expect(captureProblem(named('OddError'), 'camera')).toMatchObject({ kind: 'failed', detail: 'OddError' });
    expect(captureProblem('x'.repeat(1000), 'camera')).toMatchObject({ detail: 'x'.repeat(200) });
  });
});

describe('a refused message', () => {
  it('ends, repeats or just tells', () => {
    expect(severityOf('link_expired')).toBe('fatal');
    expect(severityOf('replaced_elsewhere')).toBe('fatal');
    expect(severityOf('message_too_large')).toBe('fatal');
    expect(severityOf('not_joined')).toBe('fatal');
    expect(severityOf('server_fault')).toBe('reconnect');
    expect(severityOf('offer_refused')).toBe('renew_peer');
    expect(severityOf('chat_too_long')).toBe('notice');
  });

  it('is no reason to give up when a newer server has a new one', () => {
    expect(severityOf('from_the_future' as ErrorCode)).toBe('reconnect');
  });
});
