import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApi } from '../api';
import { FakeSchool, refused, settled, type Question } from '../fake';
import { Live, liveDelay, parseEvent } from '../live';
import type { LiveEvent, MessageInfo } from '../records';
import { ThreadStore } from './talk.svelte';

const message = (id: string, at: number, author = 'x'): MessageInfo => ({ id, thread_id: 't', author_id: author, author, text: id, sent_at: at, files: [] });
const apiOf = (fake: FakeSchool) => createApi({ fetch: fake.environment.fetch, onSignedOut: () => undefined });

async function open(answers: Record<string, unknown> = {}): Promise<{ fake: FakeSchool; thread: ThreadStore; read: ReturnType<typeof vi.fn> }> {
  const fake = new FakeSchool('/', { 'GET /api/threads/t/messages': { messages: [message('2', 20), message('1', 10)], more: true }, ...answers });
  const read = vi.fn();
  let client = 0;
  const thread = new ThreadStore(apiOf(fake), 't', read, () => `c${String((client += 1))}`);
  await settled();
  return { fake, thread, read };
}
const texts = ({ messages }: ThreadStore): string[] => messages.map(({ id }) => id);

describe('a conversation', () => {
  it('stands in the order it was said, each thing once', async () => {
    const { thread } = await open();
    expect(texts(thread)).toEqual(['1', '2']);
    thread.heard({ type: 'message', message: message('3', 30) });
    thread.heard({ type: 'message', message: message('3', 30) });
    thread.heard({ type: 'message', message: { ...message('4', 40), thread_id: 'other' } });
    expect(texts(thread)).toEqual(['1', '2', '3']);
  });

  it('is read as far as it is seen', async () => {
    const { fake, thread, read } = await open();
    thread.heard({ type: 'message', message: message('3', 30) });
    await settled();
    expect(fake.asked.filter(({ path }) => path.endsWith('/read')).map(({ body }) => body)).toEqual([{ until: 20 }, { until: 30 }]);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('goes back page by page', async () => {
    const { fake, thread } = await open();
    fake.answers['GET /api/threads/t/messages'] = ({ query }: Question) => ({ messages: query === '?before=10' ? [message('0', 5)] : [], more: false });
    expect(thread.more).toBe(true);
    await thread.loadOlder();
    expect(texts(thread)).toEqual(['0', '1', '2']);
    expect(thread.more).toBe(false);
  });

  it('keeps what could not be sent, and sends it again as the same', async () => {
    const { fake, thread } = await open({ 'POST /api/threads/t/messages': refused(503, 'busy') });
    thread.text = '  Hallo ';
    thread.send();
    expect(thread.text).toBe('');
    await vi.waitFor(() => { expect(thread.sending[0]?.problem?.code).toBe('busy'); });
    fake.answers['POST /api/threads/t/messages'] = message('3', 30, 'me');
    thread.again('c1');
    await vi.waitFor(() => { expect(thread.sending).toEqual([]); });
    expect(fake.asked.filter(({ method, path }) => method === 'POST' && path.endsWith('/messages')).map(({ body }) => body)).toEqual([
      { client_id: 'c1', text: 'Hallo' },
      { client_id: 'c1', text: 'Hallo' },
    ]);
    expect(texts(thread).at(-1)).toBe('3');
  });
});

describe('the news', () => {
  beforeEach(() => { vi.useFakeTimers(); });
  afterEach(() => { vi.useRealTimers(); });

  function listen() {
    const sockets: { say: (data: unknown) => void; close: (code: number) => void; shut: boolean }[] = [];
    const heard: LiveEvent[] = [];
    const onSignedOut = vi.fn();
    const live = new Live((say, close) => {
      const socket = { say, close, shut: false };
      sockets.push(socket);
      return () => { socket.shut = true; };
    }, { onEvent: (event) => { heard.push(event); }, onSignedOut });
    live.open();
    return { live, sockets, heard, onSignedOut };
  }

  it('come back after a loss, and are not heard twice', () => {
    const { sockets, heard } = listen();
    sockets[0]?.close(1006);
    vi.advanceTimersByTime(2000);
    expect(sockets).toHaveLength(2);
    sockets[0]?.say('{"type":"hello"}');
    sockets[1]?.say('{"type":"hello"}');
    expect(heard).toEqual([{ type: 'hello' }]);
  });

  it('end with the session, and with the page', () => {
    const { sockets, onSignedOut } = listen();
    sockets[0]?.close(4001);
    vi.advanceTimersByTime(100_000);
    expect(sockets).toHaveLength(1);
    expect(onSignedOut).toHaveBeenCalledOnce();
    const other = listen();
    other.live.close();
    other.sockets[0]?.close(1006);
    vi.advanceTimersByTime(100_000);
    expect(other.sockets).toHaveLength(1);
    expect(other.sockets[0]?.shut).toBe(true);
  });

  it('may be of a kind this page does not know', () => {
    expect(parseEvent('{"type":"start_changed"}')).toEqual({ type: 'start_changed' });
    for (const data of ['{"type":"new_kind"}', '[]', 'null', '{', 7]) expect(parseEvent(data)).toBeNull();
  });

  it('are waited for longer and longer, never for ever', () => {
    expect(liveDelay(1, 1)).toBe(1000);
    expect(liveDelay(40, 1)).toBe(30_000);
  });
});
