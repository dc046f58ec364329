import { beforeEach, describe, expect, it } from 'vitest';
import type { ChatMessage } from '../generated/wire';
import { ChatStore } from './chat.svelte';

const ME = 1;
const line = (id: number, text: string, from = 2): ChatMessage => ({ id, from, name: `P${from}`, to: null, text, sent_at: id });

describe('the chat', () => {
  let connected: boolean;
  let posted: string[];
  let postedTo: (number | null)[];
  let chat: ChatStore;

  beforeEach(() => {
    connected = true;
    posted = [];
    postedTo = [];
    chat = new ChatStore((text, to) => {
      if (connected) posted.push(text);
      postedTo.push(to);
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

  it('tells what was said while it was closed, and nothing twice', () => {
    expect(chat.take([line(1, 'A')], ME, 'snapshot')).toBeNull();
    const both = [line(1, 'A'), line(2, 'B')];
    expect(chat.take(both, ME, 'line')?.text).toBe('B');
    expect(chat.take(both, ME, 'line')).toBeNull();
    expect(chat.take([...both, line(3, 'C', ME)], ME, 'line')).toBeNull();
    chat.setOpen(true);
    expect(chat.take([...both, line(4, 'D')], ME, 'line')).toBeNull();
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

  it('goes to one person alone, and says whose private word it is', async () => {
    chat.takePeople([{ id: ME, name: 'Ich' }, { id: 3, name: 'Kofi' }]);
    chat.setTo(3);
    const sent = chat.send('Nur du');
    expect(postedTo).toEqual([3]);
    const mine = { ...line(1, 'Nur du', ME), to: 3 };
    chat.take([mine, { ...line(2, 'Danke', 3), to: ME }, line(3, 'Alle')], ME, 'line');
    expect(await sent).toBe(true);
    expect(chat.lines.map(({ privately }) => privately)).toEqual([{ id: 3, name: 'Kofi' }, { id: 3, name: 'P3' }, null]);
  });

  it('never sends to everybody what was meant for somebody who left', async () => {
    chat.takePeople([{ id: 3, name: 'Kofi' }]);
    chat.setTo(3);
    const sent = chat.send('Nur du');
    chat.takePeople([]);
    expect(await sent).toBe(false);
    expect(await chat.send('Nur du')).toBe(false);
    expect(chat.problem).toBe('gone');
    expect(postedTo).toEqual([3]);
    chat.setTo(null);
    void chat.send('An alle');
    expect(postedTo).toEqual([3, null]);
  });
});
