/** What this machine is and can. */
export interface Browser {
  readonly system: 'ipad' | 'iphone' | 'android' | 'mac' | 'windows' | 'other';
  readonly engine: 'safari' | 'chromium' | 'firefox' | 'other';
}

interface NavigatorFacts {
  readonly userAgent: string;
  readonly maxTouchPoints: number;
}

export function detectBrowser({ userAgent, maxTouchPoints }: NavigatorFacts): Browser {
  const system = detectSystem(userAgent, maxTouchPoints);
  const apple = system === 'ipad' || system === 'iphone';
  return { system, engine: detectEngine(userAgent, apple) };
}

function detectSystem(userAgent: string, maxTouchPoints: number): Browser['system'] {
  if (/iPhone|iPod/.test(userAgent)) return 'iphone';
  // iPadOS calls itself a Mac; no Mac has a touch screen.
  if (userAgent.includes('iPad') || (userAgent.includes('Macintosh') && maxTouchPoints > 1)) return 'ipad';
  if (userAgent.includes('Android')) return 'android';
  if (userAgent.includes('Macintosh')) return 'mac';
  if (userAgent.includes('Windows')) return 'windows';
  return 'other';
}

function detectEngine(userAgent: string, apple: boolean): Browser['engine'] {
  // On iPad and iPhone every browser is Safari inside, whatever it says.
  if (apple) return 'safari';
  if (userAgent.includes('Firefox/')) return 'firefox';
  if (/Chrome\/|Chromium\//.test(userAgent)) return 'chromium';
  return userAgent.includes('Safari/') ? 'safari' : 'other';
}

/** One capture per kind and page; a second one silences the first (WebKit). */
export function capturesOnce(browser: Browser): boolean {
  return browser.engine === 'safari';
}

/** While an iPhone records, elements play on the small mono speaker at the ear; Web Audio stays on the loud one. */
export function playsThroughWebAudio(browser: Browser): boolean {
  return browser.system === 'iphone';
}

export function canHoldLesson(): boolean {
  return typeof RTCPeerConnection === 'function' && typeof WebSocket === 'function';
}

export function canShareScreen(browser: Browser): boolean {
  // Present but refused on iPadOS.
  if (browser.system === 'ipad' || browser.system === 'iphone') return false;
  return hasDevices() && typeof navigator.mediaDevices.getDisplayMedia === 'function';
}

export function canChooseSpeaker(): boolean {
  return typeof HTMLMediaElement !== 'undefined' && 'setSinkId' in HTMLMediaElement.prototype;
}

/** `navigator.mediaDevices` is missing on pages that are not served securely. */
export function hasDevices(): boolean {
  return typeof navigator !== 'undefined' && (navigator.mediaDevices as MediaDevices | undefined) !== undefined;
}
