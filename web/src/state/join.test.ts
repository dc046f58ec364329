import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConnectionTest } from '../core/probe';
import type { Equipment } from './equipment.svelte';
import { JoinStore } from './join.svelte';
import type { CaptureDevice, CaptureProblem, LinkInfo } from './types';

const probe = vi.hoisted(() => ({ answers: [] as ConnectionTest[] }));
vi.mock('../core/probe', () => ({ testConnection: () => Promise.resolve(probe.answers.shift()) }));

const LINK: LinkInfo = { room: 'geige', kind: 'lesson', role: 'student', name: 'Hannah', title: null, school: null, address: 'du' };
const GOOD: ConnectionTest = { kind: 'good', roundTripMs: 10, soundMs: 20 };

describe('the join page', () => {
  let problem: CaptureProblem | null;
  let joined: number;
  let join: JoinStore;
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  const missing = (device: CaptureDevice): CaptureProblem => ({ kind: 'missing', device });

  beforeEach(() => {
    problem = null;
    joined = 0;
    probe.answers = [{ kind: 'unreachable' }, GOOD];
    const equipment = { devices: {}, audio: { context: null }, openWanted: () => Promise.resolve(problem), openFailed: () => Promise.resolve(problem) };
    join = new JoinStore(LINK, 'Hannah', equipment as unknown as Equipment, () => { joined += 1; });
  });

  async function goOnWithout(device: CaptureDevice): Promise<void> {
    problem = missing(device);
    join.openPreview();
    await settle();
    expect(join.progress.kind).toBe('device_problem');
    join.goOnWithout();
  }

  it.each([
    [['both', 'microphone'], 'both'],
    [['microphone', 'camera'], 'both'],
    [['camera'], 'camera'],
  ] as const)('asks nothing more of what somebody goes on without: %s', async (without, still) => {
    for (const device of without) await goOnWithout(device);
    problem = missing(still);
    join.join();
    await settle();
    expect([join.progress.kind, joined]).toEqual(['joining', 1]);
  });

  it('asks about what nobody gave up', async () => {
    await goOnWithout('camera');
    problem = missing('both');
    join.join();
    await settle();
    expect([join.progress.kind, joined]).toEqual(['device_problem', 0]);
  });

  it('tests the way again and takes back what it said when the network is back', async () => {
    await settle();
    expect(join.connectionTest.kind).toBe('unreachable');
    join.failed({ kind: 'server_unreachable' });
    join.networkIsBack();
    expect(join.progress.kind).toBe('form');
    await settle();
    expect(join.connectionTest).toEqual(GOOD);
    join.failed({ kind: 'refused', code: 'room_full' });
    join.networkIsBack();
    expect(join.progress.kind).toBe('failed');
  });
});
