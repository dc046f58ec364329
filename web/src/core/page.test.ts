import { describe, expect, it } from 'vitest';
import { detectBrowser } from './browser';
import { bluetoothMicrophone, facingOf, sortDevices } from './constraints';
import { parseJoinAddress, parseLinkInfo, signalUrl } from './link';
import { wantedProcessing } from './profile';
import { parseServerMessage } from './socket';
import { recall, remember } from './storage';

describe('a join link', () => {
  const parse = (url: string) => parseJoinAddress(new URL(url, 'https://schule.de'));

  it('has a room and a secret that stays in the browser', () => {
    expect(parse('/r/geige#abc.def')).toEqual({ room: 'geige', token: 'abc.def' });
    expect(parse('/r/fl%C3%B6te/?debug=1#t')).toEqual({ room: 'flöte', token: 't' });
  });

  it('may be cut, or none at all', () => {
    expect(parse('/r/geige')).toBe('incomplete');
    expect(parse('/')).toBeNull();
    expect(parse('/r/%E0%A4%A#t')).toBeNull();
  });

  it('is described by the server', () => {
    const info = { room: 'geige', kind: 'lesson', role: 'student', name: 'Hannah' };
    expect(parseLinkInfo({ ...info, title: '' })).toEqual({ ...info, title: null, school: null });
    expect(parseLinkInfo({ ...info, title: 'Duo', school: 'Schule' })).toMatchObject({ title: 'Duo', school: 'Schule', room: 'geige' });
    expect(parseLinkInfo({ ...info, kind: 'party' })).toBeNull();
    expect(parseLinkInfo('<html>')).toBeNull();
  });

  it('leads to a socket as safe as the page', () => {
    expect(signalUrl({ protocol: 'https:', host: 'a:8443' })).toBe('wss://a:8443/signal');
    expect(signalUrl({ protocol: 'http:', host: 'localhost:8080' })).toBe('ws://localhost:8080/signal');
  });
});

describe('the browser', () => {
  const mac = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15';

  it('is an iPad when a Mac has a touch screen', () => {
    expect(detectBrowser({ userAgent: mac, maxTouchPoints: 5 })).toEqual({ system: 'ipad', engine: 'safari' });
    expect(detectBrowser({ userAgent: mac, maxTouchPoints: 0 })).toEqual({ system: 'mac', engine: 'safari' });
  });

  it('is Safari inside on every iPhone', () => {
    const chrome = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/130.0 Mobile/15E148 Safari/604.1';
    expect(detectBrowser({ userAgent: chrome, maxTouchPoints: 5 })).toEqual({ system: 'iphone', engine: 'safari' });
  });

  it('is told apart elsewhere', () => {
    const agent = (userAgent: string) => detectBrowser({ userAgent, maxTouchPoints: 0 });
    expect(agent('Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36')).toEqual({
      system: 'windows',
      engine: 'chromium',
    });
    expect(agent('Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0').engine).toBe('firefox');
  });
});

describe('devices', () => {
  it('are listed once, and only when they can be chosen', () => {
    const lists = sortDevices([
      { deviceId: 'default', kind: 'audioinput', label: 'Default - Mic' },
      { deviceId: 'a', kind: 'audioinput', label: 'Mic' },
      { deviceId: '', kind: 'videoinput', label: '' },
      { deviceId: 'b', kind: 'videoinput', label: 'Rückkamera' },
    ]);
    expect(lists.microphones).toEqual([{ id: 'a', label: 'Mic', facing: null }]);
    expect(lists.cameras).toEqual([{ id: 'b', label: 'Rückkamera', facing: 'back' }]);
  });

  it('have a direction in German and English', () => {
    expect(facingOf('Vorderkamera')).toBe('front');
    expect(facingOf('Back Camera')).toBe('back');
    expect(facingOf('HD Webcam')).toBeNull();
  });

  it('are Bluetooth by name or by a telephone’s sample rate', () => {
    expect(bluetoothMicrophone('AirPods von Eva', 24_000)).toEqual({ upToKhz: null });
    expect(bluetoothMicrophone('Mikrofon', 16_000)).toEqual({ upToKhz: 8 });
    expect(bluetoothMicrophone('iPad-Mikrofon', 48_000)).toBeNull();
  });
});

describe('processing', () => {
  const off = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

  it('is off for music with headphones', () => {
    expect(wantedProcessing('music', 'yes')).toEqual(off);
    expect(wantedProcessing('studio', 'yes')).toEqual(off);
  });

  it('keeps only the echo canceller without headphones, or without an answer', () => {
    for (const answer of ['no', 'unanswered'] as const) {
      expect(wantedProcessing('music', answer)).toEqual({ ...off, echoCancellation: true });
    }
  });

  it('is on for speech', () => {
    expect(Object.values(wantedProcessing('speech', 'yes'))).toEqual([true, true, true]);
  });
});

describe('what survives a reload', () => {
  function store() {
    const values = new Map<string, string>();
    return {
      getItem: (key: string) => values.get(key) ?? null,
      setItem: (key: string, value: string) => void values.set(key, value),
    };
  }
  const off = { microphone: true, camera: false };
  const entry = { token: 't', name: 'Hannah', resume: 'r', headphones: 'yes', profile: 'music', off, inside: true } as const;

  it('belongs to one link', () => {
    const storage = store();
    remember(entry, storage);
    expect(recall('t', storage)).toEqual(entry);
    expect(recall('other', storage)).toBeNull();
  });

  it('may be damaged', () => {
    const storage = store();
    for (const text of ['', '{', '3', '{"token":"t"}']) {
      storage.setItem('auftakt', text);
      expect(recall('t', storage)).toBeNull();
    }
    storage.setItem('auftakt', '{"token":"t","name":"Hannah","off":7}');
    expect(recall('t', storage)?.off).toEqual({ microphone: false, camera: false });
  });
});

describe('a message on the socket', () => {
  it('is an object with a type or nothing', () => {
    expect(parseServerMessage('{"type":"pong","id":1}')).toEqual({ type: 'pong', id: 1 });
    for (const data of ['', '<html>', 'null', '[1]', '{"x":1}', new ArrayBuffer(2)]) {
      expect(parseServerMessage(data)).toBeNull();
    }
  });
});
