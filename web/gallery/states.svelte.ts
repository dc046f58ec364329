/** Every state a person can meet, by name. */
import type { AppStore, BrowserInfo, CaptureProblem, ErrorCode, LinkInfo, Screen } from '../src/state/types';
import { attendeeLink, conference, conferenceLines, staffLink, waiting, waitingPeople, type ConferenceFixture } from './conference.svelte';
import { noLevel, ready, refusedDevices, studentLink, teacherLink, untouched } from './join.svelte';
import { chatLines, deniz, hannah, lesson, longNamed, notice, person, seat, type LessonFixture } from './lesson.svelte';
import { picture } from './pictures';
import { echoProof, measuringProof, poorProof } from './proof';
import { schoolStates } from './school';

export interface GalleryState {
  app(): AppStore;
  /** Selectors pressed one after the other to get there. */
  readonly press?: readonly string[];
}

const ipad: BrowserInfo = { system: 'ipad', engine: 'safari', supported: true, canShareScreen: false, canChooseSpeaker: false };
const desktop: BrowserInfo = { system: 'windows', engine: 'chromium', supported: true, canShareScreen: true, canChooseSpeaker: true };
const firefox: BrowserInfo = { ...desktop, engine: 'firefox', canChooseSpeaker: false };

const page = (screen: () => Screen, browser: BrowserInfo = ipad, press: readonly string[] = []): GalleryState => ({
  app: () => ({ screen: screen(), browser }),
  press,
});
const inLesson = (fixture: Omit<LessonFixture, 'link'> & Partial<Pick<LessonFixture, 'link'>>, press: readonly string[] = [], browser = ipad): GalleryState =>
  page(() => ({ kind: 'lesson', lesson: lesson({ link: teacherLink, ...fixture }) }), browser, press);
const inConference = (fixture: ConferenceFixture, press: readonly string[] = [], browser = desktop): GalleryState =>
  page(() => ({ kind: 'conference', conference: conference(fixture) }), browser, press);
const problem = (what: CaptureProblem, browser: BrowserInfo, link = studentLink): GalleryState =>
  page(() => ({ kind: 'join', join: untouched(link, { progress: { kind: 'device_problem', problem: what } }) }), browser);

const PROOF = ['[data-testid="connection-panel-toggle"]'];
const CHAT = ['[data-testid="chat-toggle"]'];
const nothing = (): void => undefined;

const pages: Record<string, GalleryState> = {
  opening: page(() => ({ kind: 'opening' })),
  'link-invalid': page(() => ({ kind: 'link_broken', problem: { kind: 'invalid' }, retry: nothing })),
  'link-expired': page(() => ({ kind: 'link_broken', problem: { kind: 'expired' }, retry: nothing })),
  'not-found': page(() => ({ kind: 'link_broken', problem: { kind: 'not_found' }, retry: nothing })),
  'link-incomplete': page(() => ({ kind: 'link_broken', problem: { kind: 'incomplete' }, retry: nothing })),
  'link-unreachable': page(() => ({ kind: 'link_broken', problem: { kind: 'server_unreachable' }, retry: nothing })),
  unsupported: page(() => ({ kind: 'join', join: untouched(studentLink) }), { ...desktop, supported: false }),
  left: page(() => ({ kind: 'left', left: { reason: { kind: 'left' }, link: teacherLink, again: nothing, returning: false, check: nothing } })),
  reloaded: page(() => ({ kind: 'left', left: { reason: { kind: 'reloaded' }, link: studentLink, again: nothing, returning: false, check: nothing } })),
  'left-returning': page(() => ({ kind: 'left', left: { reason: { kind: 'left' }, link: studentLink, again: nothing, returning: true, check: null } })),
  'left-elsewhere': page(() => ({ kind: 'left', left: { reason: { kind: 'replaced_elsewhere' }, link: studentLink, again: nothing, returning: false, check: null } })),
  'left-expired': page(() => ({ kind: 'left', left: { reason: { kind: 'refused', code: 'link_expired' }, link: studentLink, again: null, returning: false, check: null } })),
};

const joining: Record<string, GalleryState> = {
  'join-untouched': page(() => ({ kind: 'join', join: untouched(studentLink) })),
  'join-adult': page(() => ({ kind: 'join', join: untouched(teacherLink) }), desktop),
  'join-ready': page(() => ({ kind: 'join', join: ready(studentLink) })),
  'join-asking': page(() => ({ kind: 'join', join: untouched(studentLink, { camera: { kind: 'asking' }, microphone: { kind: 'asking' } }) })),
  'join-devices': page(() => ({ kind: 'join', join: ready(teacherLink) }), desktop, ['.level-foot button']),
  'join-recording': page(() => ({
    kind: 'join',
    join: ready(studentLink, { soundCheck: { kind: 'recording', secondsLeft: 3 }, connectionTest: { kind: 'slow', roundTripMs: 190, soundMs: 140 } }),
  })),
  'join-trouble': page(() => ({
    kind: 'join',
    join: ready(studentLink, {
      name: '',
      nameProblem: 'missing',
      soundCheck: { kind: 'recorded', heard: false },
      connectionTest: { kind: 'blocked' },
      level: { value: 0, peak: 0, verdict: 'silent' },
      notices: [notice({ kind: 'microphone_bluetooth', label: 'AirPods', upToKhz: 8 }, 'use_builtin_microphone', 'callout')],
    }),
  })),
  'join-refused-devices': page(() => ({ kind: 'join', join: refusedDevices(studentLink) })),
  'join-room-full': page(() => ({
    kind: 'join',
    join: ready(studentLink, { progress: { kind: 'failed', problem: { kind: 'refused', code: 'room_full' } } }),
  })),
  'join-joining': page(() => ({ kind: 'join', join: ready(teacherLink, { progress: { kind: 'joining' } }) })),
  'denied-ipad': problem({ kind: 'denied', device: 'microphone', by: 'person' }, ipad),
  'denied-chrome': problem({ kind: 'denied', device: 'both', by: 'person' }, desktop, teacherLink),
  'denied-firefox': problem({ kind: 'denied', device: 'camera', by: 'person' }, firefox, teacherLink),
  'denied-system': problem({ kind: 'denied', device: 'both', by: 'system' }, { ...desktop, system: 'mac' }, teacherLink),
  'asked-in-vain': problem({ kind: 'dismissed', device: 'both' }, ipad),
  missing: problem({ kind: 'missing', device: 'camera' }, desktop),
  'in-use': problem({ kind: 'in_use', device: 'camera' }, desktop),
  insecure: problem({ kind: 'insecure', device: 'both' }, desktop, teacherLink),
  failed: problem({ kind: 'failed', device: 'microphone', detail: 'NotReadableError: Could not start audio source' }, desktop, teacherLink),
};

const lessons: Record<string, GalleryState> = {
  lesson: inLesson({}),
  'lesson-student': inLesson({ link: studentLink, seats: [seat(person(9, 'Frau Lindqvist-Baumgärtner', { role: 'teacher', speaking: true }), 0)] }),
  'lesson-alone': inLesson({ seats: [] }),
  'lesson-wide': inLesson({ wide: true }),
  'lesson-wide-three': inLesson({ wide: true, seats: [seat(hannah, 0), seat(longNamed, 1), seat({ ...deniz, present: false }, 2)] }),
  'lesson-locked': inLesson({ seats: [], locked: true }),
  'lesson-knocking': inLesson({ seats: [], lobby: waitingPeople.slice(0, 1) }),
  'lesson-knocking-two': inLesson({ lobby: waitingPeople }),
  'lesson-long-name': inLesson({ seats: [seat(longNamed, 0)] }),
  'lesson-muted': inLesson({ microphone: { kind: 'off' }, camera: { kind: 'off' }, seats: [seat({ ...hannah, microphone: 'off', camera: 'off' }, 0, { picture: 'off' })] }),
  'lesson-waiting': inLesson({ seats: [seat(hannah, 0, { picture: 'waiting' })], change: { connection: { kind: 'starting' } } }),
  'lesson-two': inLesson({ seats: [seat(hannah, 0), seat(longNamed, 1)] }),
  'lesson-three': inLesson({ seats: [seat(hannah, 0), seat(longNamed, 1), seat(deniz, 2, { picture: 'off' })] }),
  'lesson-screen': inLesson({ seats: [seat(hannah, 0), seat(hannah, 1, { stream: 'screen', key: 'screen' }), seat(longNamed, 2)] }),
  'lesson-second-camera': inLesson({ seats: [seat(hannah, 0), seat(hannah, 1, { stream: 'second_camera', key: 'second' })] }),
  'lesson-everything': inLesson(
    {
      lines: chatLines,
      unread: 3,
      change: {
        secondCamera: { kind: 'on', withSound: false },
        screen: { kind: 'on', withSound: true },
        get secondPicture() {
          return { stream: picture('score'), mirrored: false };
        },
        get screenPicture() {
          return { stream: picture('score'), mirrored: false };
        },
      },
    },
    [],
    desktop,
  ),
  'lesson-away': inLesson({ seats: [seat({ ...hannah, present: false }, 0)] }),
  'lesson-toasts': inLesson({
    toasts: [
      { id: 1, what: { kind: 'joined', name: longNamed.name } },
      { id: 2, what: { kind: 'refused', code: 'too_fast' } },
    ],
  }),
  'lesson-message': inLesson({ lines: chatLines, unread: 1, toasts: chatLines.slice(-1).map((line) => ({ id: 1, what: { kind: 'message', line } })) }),
  proof: inLesson({}, PROOF),
  'proof-poor': inLesson({ change: { proof: poorProof } }, PROOF),
  'proof-echo': inLesson({ link: studentLink, change: { proof: echoProof } }, PROOF),
  'proof-measuring': inLesson({ link: studentLink, change: { proof: measuringProof } }, PROOF),
  chat: inLesson({ lines: chatLines }, CHAT),
  'chat-empty': inLesson({ link: studentLink }, CHAT),
  people: inLesson({ seats: [seat(hannah, 0), seat(longNamed, 1), seat(deniz, 2)] }, ['[data-testid="participants-toggle"]']),
  'people-lobby': inLesson({ lobby: waitingPeople }, ['[data-testid="participants-toggle"]']),
  settings: inLesson({}, ['[data-testid="settings-toggle"]'], desktop),
  more: inLesson({ unread: 3, lines: chatLines, change: { secondCamera: { kind: 'off' } } }, ['[data-testid="more-toggle"]']),
  'microphone-silent': inLesson({ notices: [notice({ kind: 'microphone_silent', seconds: 6 }, 'restart_microphone')] }),
  'lesson-denied': inLesson({
    link: studentLink,
    microphone: { kind: 'problem', problem: { kind: 'denied', device: 'microphone', by: 'person' } },
    camera: { kind: 'problem', problem: { kind: 'missing', device: 'camera' } },
    notices: [notice({ kind: 'capture_problem', problem: { kind: 'denied', device: 'microphone', by: 'person' } }, 'try_again', 'banner', true)],
  }),
  'microphone-lost': inLesson({ notices: [notice({ kind: 'microphone_lost', label: 'Scarlett 2i2 USB' }, 'use_other_microphone')] }),
  'camera-interrupted': inLesson({ notices: [notice({ kind: 'camera_interrupted', while: 'in_background' }, 'restart_camera', 'callout', true)] }),
  'screen-problem': inLesson({ change: { screen: { kind: 'problem', problem: { kind: 'denied', device: 'camera', by: 'system' } } } }, [], desktop),
  'sound-blocked': inLesson({ link: studentLink, notices: [notice({ kind: 'sound_blocked' }, 'play_sound')] }),
  'muted-camera': inLesson({ link: studentLink, camera: { kind: 'off' }, notices: [notice({ kind: 'muted_by', name: '', source: 'camera' }, 'unmute', 'callout', true)] }),
  'muted-by': inLesson({ link: studentLink, microphone: { kind: 'off' }, notices: [notice({ kind: 'muted_by', name: 'Frau Lindqvist', source: 'microphone' }, 'unmute', 'callout', true)] }),
  'connection-lost': inLesson({ change: { connection: { kind: 'reconnecting', since: Date.now(), attempt: 3, online: true, microphone: 'on' } } }),
  'connection-lost-student': inLesson({
    link: studentLink,
    microphone: { kind: 'off' },
    change: { connection: { kind: 'reconnecting', since: Date.now(), attempt: 1, online: false, microphone: 'off' } },
  }),
  'connection-back': inLesson({ change: { connection: { kind: 'back', missedSeconds: 4, microphone: 'on' } } }),
};

const PEOPLE = ['[data-testid="participants-toggle"]'];
const refused = (code: ErrorCode, link: LinkInfo, again: boolean): GalleryState =>
  page(() => ({ kind: 'left', left: { reason: { kind: 'refused', code }, link, again: again ? nothing : null, returning: false, check: null } }));

const conferences: Record<string, GalleryState> = {
  'conference-alone': inConference({ count: 1 }),
  'conference-2': inConference({ count: 2, speaking: [1] }),
  'conference-5': inConference({ count: 5, speaking: [3], waitingPictures: [2] }),
  'conference-9': inConference({ count: 9, speaking: [1], hands: [4, 7], lobby: waitingPeople }),
  'conference-25': inConference({ count: 25, speaking: [10], hands: [4, 14, 21], microphone: { kind: 'off' } }),
  'conference-40': inConference({ count: 40, speaking: [30], hands: [4, 33], link: attendeeLink, microphone: { kind: 'off' } }),
  'conference-40-end': inConference({ count: 40, page: 9, speaking: [2], gaps: [37] }),
  'conference-100': inConference({
    count: 100,
    speaking: [70],
    hands: [4, 33],
    microphone: { kind: 'off' },
    signs: [
      { id: 1, participant: 2, name: 'Thomas Ölschläger', reaction: 'applause' },
      { id: 2, participant: 60, name: 'Benedikt Großmann', reaction: 'thumbs_up' },
      { id: 3, participant: 99, name: 'Ulrike Baumgart-Freiin von Ringelnatz', reaction: 'heart' },
    ],
  }),
  'conference-gap': inConference({ count: 9, speaking: [1], gaps: [5], away: [8] }),
  'conference-speaker': inConference({ count: 36, layout: 'speaker', speaking: [3], hands: [4], lobby: waitingPeople }),
  'conference-speaker-9': inConference({ count: 9, layout: 'speaker', speaking: [2], hands: [4] }),
  'conference-speaker-100': inConference({ count: 100, layout: 'speaker', speaking: [2], hands: [4, 70] }, PEOPLE),
  'conference-speaker-two': inConference({ count: 2, layout: 'speaker', speaking: [1] }),
  'conference-speaker-alone': inConference({ count: 1, layout: 'speaker' }),
  'conference-screen': inConference({ count: 12, layout: 'speaker', speaking: [3], screensOf: [1] }),
  'conference-screen-few': inConference({ count: 6, layout: 'speaker', speaking: [3], screensOf: [1] }),
  'conference-screens': inConference({ count: 12, layout: 'speaker', speaking: [3], screensOf: [1, 4] }),
  'conference-screen-40': inConference({ count: 40, layout: 'speaker', speaking: [3], hands: [9], screensOf: [1], lines: conferenceLines }, CHAT),
  'conference-screen-grid': inConference({ count: 8, speaking: [3], screensOf: [1] }),
  'conference-marks': inConference({
    count: 9,
    speaking: [4],
    floor: 4,
    hands: [7, 3],
    pinned: 2,
    spotlight: 6,
    away: [8],
    signs: [
      { id: 1, participant: 2, name: 'Thomas Ölschläger', reaction: 'applause' },
      { id: 2, participant: 5, name: 'Birgit Hahn', reaction: 'thumbs_up' },
      { id: 3, participant: 3, name: 'Dr. Maximiliane von Schellendorf-Kaltenbrunner', reaction: 'heart' },
    ],
  }),
  'conference-muted': inConference({ count: 12, allMuted: true, microphone: { kind: 'off' }, camera: { kind: 'off' } }),
  'conference-paused': inConference({ count: 9, speaking: [1], paused: [2, 3, 4, 6, 7, 8], change: { connection: { kind: 'connected', quality: 'poor' } } }),
  'conference-paused-many': inConference({ count: 25, speaking: [1], paused: [2, 3, 6, 7, 8, 11, 19], waitingPictures: [12, 13] }),
  'conference-not-heard': inConference({ count: 25, speaking: [1, 2, 3], change: { hearing: { kind: 'not_now' } } }),
  'conference-long-names': inConference({ count: 12, speaking: [2], hands: [3, 5], longNames: true }, PEOPLE),
  'conference-people': inConference({ count: 9, speaking: [1], hands: [4, 7], floor: 2, lobby: waitingPeople }, PEOPLE),
  'conference-people-25': inConference({ count: 25, speaking: [10], hands: [4, 14, 21], lobby: waitingPeople }, PEOPLE),
  'conference-people-40': inConference({ count: 40, link: attendeeLink, speaking: [30], hands: [4, 33] }, PEOPLE),
  'conference-lead': inConference({ count: 9, change: { locked: true } }, [...PEOPLE, '.lead > summary']),
  'conference-menu': inConference({ count: 9, hands: [3], speaking: [3] }, ['[data-key="3-main"]']),
  'conference-remove': inConference({ count: 9 }, ['[data-key="5-main"]', '[data-action="remove"]']),
  'conference-chat': inConference({ count: 36, layout: 'speaker', speaking: [3], hands: [4], lobby: waitingPeople, lines: conferenceLines }, CHAT),
  'conference-chat-private': inConference({ count: 9, lines: conferenceLines }, ['[data-key="4-main"]', '[data-action="chat"]']),
  'conference-chat-empty': inConference({ count: 9 }, CHAT),
  'conference-react': inConference({ count: 9 }, ['[data-testid="react"]']),
  'conference-more': inConference({ count: 9, unread: 2, lines: conferenceLines }, ['[data-testid="more-toggle"]']),
  'conference-settings': inConference({ count: 9 }, ['[data-testid="settings-toggle"]']),
  'conference-asked': inConference({
    count: 9,
    link: attendeeLink,
    speaking: [1],
    microphone: { kind: 'off' },
    notices: [notice({ kind: 'asked_to_unmute', name: 'Dr. Andrea Hoffmeister' }, 'unmute', 'banner', true)],
  }),
  'conference-screen-lost': inConference({ count: 9, notices: [notice({ kind: 'screen_taken_over', name: 'Kofi Mensah' }, null, 'callout', true)] }),
  'conference-take-over': inConference({ count: 9, layout: 'speaker', screensOf: [4], change: { wouldTakeScreenOf: 'Kofi Mensah' } }, ['[data-testid="share-screen"]']),
  'conference-toasts': inConference({
    count: 9,
    toasts: [
      { id: 1, what: { kind: 'several_joined', count: 12 } },
      { id: 2, what: { kind: 'floor_given' } },
    ],
  }),
  'conference-lost': inConference({ count: 9, change: { connection: { kind: 'reconnecting', since: Date.now(), attempt: 2, online: true, microphone: 'off' } } }),
};

const lobbies: Record<string, GalleryState> = {
  'waiting-pupil': page(() => ({ kind: 'waiting', waiting: waiting(studentLink) })),
  'waiting-staff': page(() => ({ kind: 'waiting', waiting: waiting(attendeeLink, { hosts: ['Dr. Andrea Hoffmeister', 'Ayşe Demirtaş-Wollschläger', 'Thomas Ölschläger', 'Uwe Petersen', 'Ines Vogt'] }) }), desktop),
  'waiting-nobody': page(() => ({ kind: 'waiting', waiting: waiting(studentLink, { hosts: [], since: Date.now() }) })),
  'waiting-offline': page(() => ({ kind: 'waiting', waiting: waiting(attendeeLink, { connected: false }) }), desktop),
  'waiting-check': page(() => ({ kind: 'waiting', waiting: waiting(attendeeLink) }), desktop, ['[data-testid="waiting-check"]']),
  'waiting-off': page(() => ({ kind: 'waiting', waiting: waiting(studentLink, { microphone: { kind: 'off' }, camera: { kind: 'off' }, preview: null, level: noLevel }) })),
  'left-conference': page(() => ({ kind: 'left', left: { reason: { kind: 'left' }, link: staffLink, again: nothing, returning: false, check: null } })),
  dismissed: refused('dismissed', attendeeLink, true),
  'dismissed-pupil': refused('dismissed', studentLink, true),
  removed: refused('removed', attendeeLink, true),
  'lobby-full': refused('lobby_full', attendeeLink, true),
  'join-conference': page(() => ({ kind: 'join', join: untouched(attendeeLink) }), desktop),
};

export const states: Readonly<Record<string, GalleryState>> = { ...pages, ...joining, ...lessons, ...conferences, ...lobbies, ...schoolStates };
