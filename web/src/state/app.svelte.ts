import { canChooseSpeaker, canHoldLesson, canShareScreen, detectBrowser } from '../core/browser';
import { askAboutLink, isLinkInfo, isSchoolAddress, type JoinAddress, parseJoinAddress, signalUrl } from '../core/link';
import { defaultProfile } from '../core/profile';
import type { EndReason } from '../core/session';
import { recall, remember } from '../core/storage';
import { Equipment } from './equipment.svelte';
import { JoinStore } from './join.svelte';
import { ConferenceStore } from './conference.svelte';
import { LessonStore } from './lesson.svelte';
import type { RoomOptions, RoomStore } from './room.svelte';
import type { AppStore, BrowserInfo, JoinProblem, LeftReason, LeftView, LinkInfo, LinkProblem, Screen } from './types';
import { WaitingStore } from './waiting.svelte';

/** After this many attempts (about two seconds) somebody who wants to join is told that the server does not answer. */
const ATTEMPTS_TO_JOIN = 6;

declare global {
  interface Window {
    /** With `?debug=1` only: for tests and for people who look into things. */
    auftaktDebug?: { readonly peerConnection: RTCPeerConnection | null };
  }
}

/** Builds the store the views live on. */
export function createApp(location: Location): AppStore {
  const app = new App(location);
  app.open();
  return app;
}

class App implements AppStore {
  screen = $state.raw<Screen>({ kind: 'opening' });
  readonly browser: BrowserInfo;
  readonly #location: Location;
  #room: RoomStore | null = null;
  #equipment: Equipment | null = null;
  /** Counts the addresses that were opened: what an earlier one still brings is too late. */
  #visit = 0;

  constructor(location: Location) {
    this.#location = location;
    const browser = detectBrowser(navigator);
    this.browser = {
      ...browser,
      supported: canHoldLesson(),
      canShareScreen: canShareScreen(browser),
      canChooseSpeaker: canChooseSpeaker(),
    };
    if (new URLSearchParams(location.search).get('debug') === '1') this.#exposeForTests();
    // Another link pasted into the same tab: the fragment alone loads no page.
    window.addEventListener('hashchange', () => {
      // The school's pages know their own addresses.
      const inSchool = this.screen.kind === 'school' && parseJoinAddress(this.#location) === null;
      if (!this.#room && !inSchool) this.open();
    });
  }

  open(): void {
    this.#visit += 1;
    this.#equipment?.close();
    this.#equipment = null;
    const address = parseJoinAddress(this.#location);
    if (address === null && isSchoolAddress(this.#location)) this.screen = { kind: 'school', environment: null };
    else if (address === null) this.#showBroken({ kind: 'not_found' });
    else if (address === 'incomplete') this.#showBroken({ kind: 'incomplete' });
    else void this.#openLink(address);
  }

  async #openLink(address: JoinAddress): Promise<void> {
    this.screen = { kind: 'opening' };
    const visit = this.#visit;
    const answer = await askAboutLink(address.token);
    if (visit !== this.#visit) return;
    if (!isLinkInfo(answer)) {
      this.#showBroken(answer);
      return;
    }
    // Guests are parents and other adults.
    const pupil = answer.kind === 'lesson' && answer.role === 'student';
    const link: LinkInfo = { ...answer, address: pupil ? 'du' : 'Sie' };
    if (recall(address.token)?.inside === true) this.#showReloaded(address, link);
    else this.#showJoin(address, link);
  }

  #showBroken(problem: LinkProblem): void {
    const retry = () => {
      this.open();
    };
    this.screen = { kind: 'link_broken', problem, retry };
  }

  #showJoin(address: JoinAddress, link: LinkInfo): void {
    this.screen = { kind: 'join', join: this.#makeJoin(address, link).join };
  }

  #makeJoin(address: JoinAddress, link: LinkInfo): { readonly join: JoinStore; readonly equipment: Equipment } {
    const remembered = recall(address.token);
    const equipment = new Equipment(detectBrowser(navigator), {
      headphones: remembered?.headphones ?? 'unanswered',
      profile: remembered?.profile ?? defaultProfile(link.kind),
      off: remembered?.off ?? { microphone: false, camera: false },
    });
    this.#equipment = equipment;
    const join: JoinStore = new JoinStore(link, remembered?.name ?? link.name, equipment, (name) => {
      // The devices may have been granted when another address was already open.
      if (this.#equipment === equipment) this.#enter(address, link, name, equipment, join);
    });
    return { join, equipment };
  }

  #showReloaded(address: JoinAddress, link: LinkInfo): void {
    const left: LeftView = {
      reason: { kind: 'reloaded' },
      link,
      again: () => {
        this.#comeBack(address, left, null);
      },
      returning: false,
      check: () => {
        this.#showJoin(address, link);
      },
    };
    this.screen = { kind: 'left', left };
  }

  /** Into the room with one tap, as one was there: nothing is switched on that was off. This page stays until it is clear what comes. */
  #comeBack(address: JoinAddress, left: LeftView, before: { readonly join: JoinStore; readonly equipment: Equipment } | null): void {
    const { join, equipment } = this.#makeJoin(address, left.link);
    if (before) equipment.chooseLike(before.equipment);
    this.screen = { kind: 'left', left: { ...left, again: () => undefined, returning: true, check: null } };
    void join.comeBack(before?.join ?? null).then((going) => {
      if (!going && this.#equipment === equipment) this.screen = { kind: 'join', join };
    });
  }

  #enter(address: JoinAddress, link: LinkInfo, name: string, equipment: Equipment, join: JoinStore): void {
    let entered = false;
    let inside = false;
    let waiting: WaitingStore | null = null;
    let resume = recall(address.token)?.resume ?? null;
    const keep = () => {
      remember({ token: address.token, resume, name, inside, ...equipment.answers });
    };
    const failed = (problem: JoinProblem) => {
      join.failed(problem);
      this.screen = { kind: 'join', join };
    };
    const options: RoomOptions = {
      link,
      name,
      equipment,
      token: address.token,
      url: signalUrl(this.#location),
      resume,
      onEntered: () => {
        entered = inside = true;
        keep();
        // From here on every answer is remembered, and a page that got in is the right one.
        equipment.onAnswer = keep;
        mayReloadAgain();
        waiting = null;
        this.screen = show();
      },
      onDoor: (since, hosts) => {
        inside = false;
        keep();
        equipment.onAnswer = keep;
        mayReloadAgain();
        const store = (waiting ??= new WaitingStore({ link, name, equipment, onLeave: leaveDoor }));
        store.take(since, hosts);
        this.screen = { kind: 'waiting', waiting: store };
      },
      onUnreached: (attempt) => {
        waiting?.lost();
        if (entered || waiting || attempt < ATTEMPTS_TO_JOIN) return;
        room.cancel();
        failed({ kind: 'server_unreachable' });
      },
      onEnded: (reason) => {
        this.#room = null;
        if (reason.kind === 'refused' && reason.code === 'version_mismatch' && reloadOnce()) return;
        if (entered || waiting) this.#showLeft(address, link, { equipment, join }, reason);
        else if (reason.kind === 'refused') failed({ kind: 'refused', code: reason.code });
      },
      onResume: (secret) => {
        resume = secret;
        keep();
      },
    };
    const { room, show } = openRoom(options);
    /** Who does not want to wait any longer is back where they came from, and takes no place in the queue. */
    const leaveDoor = () => {
      entered = false;
      waiting = null;
      room.leave();
      remember({ token: address.token, resume: null, name, inside: false, ...equipment.answers });
      equipment.onAnswer = () => undefined;
      join.backToForm();
      this.screen = { kind: 'join', join };
    };
    this.#room = room;
    room.start();
  }

  #showLeft(address: JoinAddress, link: LinkInfo, before: { readonly join: JoinStore; readonly equipment: Equipment }, reason: EndReason): void {
    const { equipment } = before;
    equipment.onAnswer = () => undefined;
    equipment.close();
    // Who left for good starts anew next time; a replaced tab must not fight for the place.
    const { name } = recall(address.token) ?? { name: link.name };
    remember({ token: address.token, resume: null, name, inside: false, ...equipment.answers });
    const left = leftReason(reason);
    const hopeless = left.kind === 'refused' && (left.code === 'link_expired' || left.code === 'link_invalid');
    const check = () => {
      this.#showJoin(address, link);
    };
    // Whoever left by a slip of the finger is back with the next tap.
    const again = () => {
      if (left.kind === 'left') this.#comeBack(address, view, before);
      else check();
    };
    const view: LeftView = { reason: left, link, again: hopeless ? null : again, returning: false, check: left.kind === 'left' ? check : null };
    this.screen = { kind: 'left', left: view };
  }

  #exposeForTests(): void {
    const room = () => this.#room;
    window.auftaktDebug = {
      get peerConnection() {
        return room()?.peerConnection ?? null;
      },
    };
  }
}

/** The store of a room of this kind, and its page. */
function openRoom(options: RoomOptions): { readonly room: RoomStore; readonly show: () => Screen } {
  if (options.link.kind === 'conference') {
    const conference = new ConferenceStore(options);
    return { room: conference, show: () => ({ kind: 'conference', conference }) };
  }
  const lesson = new LessonStore(options);
  return { room: lesson, show: () => ({ kind: 'lesson', lesson }) };
}

const RELOADED = 'auftakt-reloaded';

/** A newer server has a newer page. Once: a server that serves the wrong page must not make this one spin. */
function reloadOnce(): boolean {
  try {
    if (sessionStorage.getItem(RELOADED) !== null) return false;
    sessionStorage.setItem(RELOADED, '1');
  } catch {
    return false;
  }
  window.location.reload();
  return true;
}

function mayReloadAgain(): void {
  try {
    sessionStorage.removeItem(RELOADED);
  } catch {
    // Without storage nothing was reloaded.
  }
}

function leftReason(reason: EndReason): LeftReason {
  if (reason.kind === 'left') return { kind: 'left' };
  return reason.code === 'replaced_elsewhere' ? { kind: 'replaced_elsewhere' } : reason;
}
