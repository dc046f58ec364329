import { beforeEach, describe, expect, it } from 'vitest';
import type { ChatMessage } from '../generated/wire';
import { ChatStore } from './chat.svelte';

const ME = 1;
const line = (id: number, text: string, from = 2): ChatMessage => ({ id, from, name: `P${from}`, text, sent_at: id });

describe('the chat', () => {
  let connected: boolean;
  let posted: string[];
  let chat: ChatStore;

  beforeEach(() => {
    connected = true;
    posted = [];
    chat = new ChatStore((text) => {
      if (connected) posted.push(text);
      return connected;
    });
  });

  it('shows the lines of a server that was started again, though it counts from one again', () => {
    chat.setOpen(true);
    chat.take([line(1, 'A')], ME, 'snapshot');
    chat.setOpen(false);
    chat.take([line(1, 'B')], ME, 'snapshot');
    expect(chat.lines.map(({ text }) => text)).toEqual(['B']);
    expect(chat.unread).toBe(1);
  });

  it('counts a line once, also when it is told again after coming back', () => {
    chat.take([line(1, 'A')], ME, 'snapshot');
    chat.setOpen(true);
    chat.setOpen(false);
    chat.take([line(1, 'A'), line(2, 'B')], ME, 'snapshot');
    expect(chat.unread).toBe(1);
  });

  it('has taken a message when it comes back from the server', async () => {
    const sent = chat.send('  Hallo ');
    expect(posted).toEqual(['Hallo']);
    chat.take([line(1, 'von jemand anders')], ME, 'line');
    chat.take([line(1, 'von jemand anders'), line(2, 'Hallo', ME)], ME, 'line');
    expect(await sent).toBe(true);
    expect(chat.problem).toBeNull();
  });

  it('leaves a message in its field that was lost with the socket', async () => {
    const sent = chat.send('Hallo');
    chat.take([line(1, 'A')], ME, 'snapshot');
    expect(await sent).toBe(false);
    expect(chat.problem).toBe('not_connected');
  });

  it('finds a message that came through before the socket was lost', async () => {
    const sent = chat.send('Hallo');
    chat.take([line(1, 'Hallo', ME)], ME, 'snapshot');
    expect(await sent).toBe(true);
  });

  it('sends nothing while the socket is lost, and nothing twice', async () => {
    connected = false;
    expect(await chat.send('Hallo')).toBe(false);
    expect(chat.problem).toBe('not_connected');
    connected = true;
    void chat.send('Hallo');
    expect(await chat.send('Hallo')).toBe(false);
    expect(posted).toEqual(['Hallo']);
  });

  it('takes a refusal for its own only while a message is on its way', async () => {
    expect(chat.refused('too_fast')).toBe(false);
    expect(chat.problem).toBeNull();
    const sent = chat.send('Hallo');
    expect(chat.refused('too_fast')).toBe(true);
    expect(await sent).toBe(false);
    expect(chat.problem).toBe('too_fast');
  });
});
