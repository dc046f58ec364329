/** Turns what is wrong into words: what is, why, and the word on the one button. */
import type { Messages } from '../i18n/words.svelte';
import type { BrowserInfo, Notice } from '../state/types';
import type { IconName } from '../ui/icons';
import { problemWords } from './join/problem';

export interface NoticeWords {
  readonly title: string;
  readonly text: string;
  readonly icon: IconName;
  /** `null`: nothing to press. */
  readonly button: string | null;
  /** Nothing is wrong: no amber. */
  readonly tone?: 'note';
}

type Explained = Omit<NoticeWords, 'button'>;

export function noticeWords(notice: Notice, t: Messages, browser: BrowserInfo): NoticeWords {
  return { ...explain(notice.what, t, browser), button: button(notice, t.notices) };
}

function button({ what, repair }: Notice, n: Messages['notices']): string | null {
  if (repair === null) return null;
  return what.kind === 'muted_by' && what.source === 'camera' ? n.pictureOn : n.repair[repair];
}

function explain(what: Notice['what'], t: Messages, browser: BrowserInfo): Explained {
  const n = t.notices;
  switch (what.kind) {
    case 'microphone_silent': {
      const text = n.microphone_silent.text(what.seconds);
      return { title: n.microphone_silent.title, text: browser.system === 'ipad' ? `${text} ${n.microphone_silent.ipad}` : text, icon: 'mic-off' };
    }
    case 'microphone_interrupted':
      return { title: n.microphone_interrupted.title, text: n.microphone_interrupted.text[what.while], icon: 'mic-off' };
    case 'camera_interrupted':
      return { title: n.camera_interrupted.title, text: n.camera_interrupted.text[what.while], icon: 'cam-off' };
    case 'microphone_lost':
      return { title: n.microphone_lost.title, text: n.microphone_lost.text(what.label), icon: 'mic-off' };
    case 'camera_lost':
      return { title: n.camera_lost.title, text: n.camera_lost.text(what.label), icon: 'cam-off' };
    case 'capture_problem':
      return problemWords(what.problem, t.devices);
    case 'microphone_mono':
      return what.enough
        ? { title: n.microphone_mono.title, text: n.microphone_mono.enough, icon: 'info', tone: 'note' }
        : { title: n.microphone_mono.title, text: n.microphone_mono.text, icon: 'alert' };
    case 'microphone_bluetooth':
      return { title: n.microphone_bluetooth.title, text: n.microphone_bluetooth.text(what.upToKhz), icon: 'alert' };
    case 'voice_processing':
      return { title: n.voice_processing.title, text: n.voice_processing.text(what.which.map((step) => n.step[step])), icon: 'alert' };
    case 'echo_cancellation_needed':
      return { ...n.echo_cancellation_needed, icon: 'headphones' };
    case 'sound_blocked':
      return { ...n.sound_blocked, icon: 'speaker' };
    case 'muted_by':
      return {
        title: n.muted_by.title(what.name, what.source),
        text: n.muted_by.text,
        icon: what.source === 'microphone' ? 'mic-off' : 'cam-off',
      };
    case 'asked_to_unmute':
      return { title: n.asked_to_unmute.title(what.name), text: n.asked_to_unmute.text, icon: 'mic' };
    case 'screen_taken_over':
      return { title: n.screen_taken_over.title(what.name), text: n.screen_taken_over.text, icon: 'screen' };
    case 'beyond_seats':
      return { title: n.beyond_seats.title, text: n.beyond_seats.text(what.count), icon: 'people' };
  }
}
