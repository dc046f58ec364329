import { describe, expect, it } from 'vitest';
import { german } from '../i18n/de';
import { createFormat } from '../i18n/format';
import type { BrowserInfo, Notice } from '../state/types';
import { noticeWords } from './notices';

const t = german('Sie', createFormat('de'));
const ipad: BrowserInfo = { system: 'ipad', engine: 'safari', supported: true, canShareScreen: false, canChooseSpeaker: false };
const windows: BrowserInfo = { ...ipad, system: 'windows', engine: 'chromium' };
const notice = (what: Notice['what'], repair: Notice['repair']): Notice => ({ id: what.kind, placement: 'banner', what, repair, dismissible: false });

describe('the words of a notice', () => {
  it('name what the button switches on', () => {
    const muted = (source: 'microphone' | 'camera') => noticeWords(notice({ kind: 'muted_by', name: '', source }, 'unmute'), t, ipad).button;
    expect(muted('microphone')).toBe('Ton an');
    expect(muted('camera')).toBe('Bild an');
    expect(noticeWords(notice({ kind: 'microphone_mono', enough: true }, null), t, ipad).button).toBeNull();
  });

  it('warn of one channel only where two were wanted', () => {
    const tone = (enough: boolean) => noticeWords(notice({ kind: 'microphone_mono', enough }, null), t, ipad).tone;
    expect([tone(true), tone(false)]).toEqual(['note', undefined]);
  });

  it('tell an iPad’s reason only to an iPad', () => {
    const silent = notice({ kind: 'microphone_silent', seconds: 6 }, 'restart_microphone');
    expect(noticeWords(silent, t, ipad).text).toContain('Siri');
    expect(noticeWords(silent, t, windows).text).not.toContain('Siri');
  });

  it('give the background its own reason', () => {
    const interrupted = (where: 'in_front' | 'in_background') =>
      noticeWords(notice({ kind: 'microphone_interrupted', while: where }, 'restart_microphone'), t, ipad).text;
    expect(interrupted('in_background')).toContain('im Hintergrund');
    expect(interrupted('in_front')).not.toContain('im Hintergrund');
  });
});
