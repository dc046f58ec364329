import type { ClientMessage, ServerMessage } from '../generated/wire';
import { reconnectDelay } from './backoff';

/** The socket is asked this often whether it lives … */
const PING_INTERVAL_MS = 2000;
/** … and is given up after this long without any message: a dead one is noticed within 5 s. */
const SILENCE_LIMIT_MS = 4500;
/** After sleep or a change of network there is a reason to doubt: decide faster. */
const DOUBT_LIMIT_MS = 1500;
/** A connection attempt into a dead network hangs for minutes without this. */
const OPEN_LIMIT_MS = 4000;

/** The server's close code for "the same attempt would fail again" (docs/protocol.md, Errors and closing). */
const SHUT_FOR_GOOD = 4000;

/** A server that takes us and fails at once, again and again, must not be asked ten times a second. */
const STABLE_AFTER_MS = 3000;

export interface SocketEvents {
  /** Open: say `join` now. */
  onOpen(): void;
  onMessage(message: ServerMessage): void;
  /** Lost. `attempt` counts from 1 until `ready()`; `inMs` is the wait before the next one. */
  onWaiting(attempt: number, inMs: number): void;
  /** The server closed it for good; `reason` is an error's code. No new attempt follows. */
  onShut(reason: string): void;
}

/** One WebSocket that is replaced by a new one for as long as it takes. */
export class SignalSocket {
  #socket: WebSocket | null = null;
  #ready = false;
  #readySince: number | null = null;
  #closed = false;
  #attempt = 0;
  #lastHeard = 0;
  #pingId = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #openTimer: ReturnType<typeof setTimeout> | undefined;
  #doubtTimer: ReturnType<typeof setTimeout> | undefined;
  #pingTimer: ReturnType<typeof setInterval> | undefined;
  readonly #url: string;
  readonly #events: SocketEvents;

  constructor(url: string, events: SocketEvents) {
    this.#url = url;
    this.#events = events;
  }

  open(): void {
    window.addEventListener('online', this.#onOnline);
    window.addEventListener('offline', this.#onDoubt);
    document.addEventListener('visibilitychange', this.#onVisible);
    this.#connect();
  }

  /** The server took our `join`, or lets us wait. */
  ready(): void {
    this.#ready = true;
    this.#readySince = performance.now();
  }

  /** Now or never: who comes back says anew what is still true, and does not repeat what was meant for then. */
  send(message: ClientMessage): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Skips the wait. */
  retryNow(): void {
    if (this.#closed || this.#socket) return;
    clearTimeout(this.#retryTimer);
    this.#connect();
  }

  /** Something else suspects the network (a peer connection lost its consent): ask at once, decide soon. */
  doubt(): void {
    const socket = this.#socket;
    if (!socket || !this.#ready || this.#doubtTimer !== undefined) return;
    const asked = performance.now();
    this.#ping();
    this.#doubtTimer = setTimeout(() => {
      this.#doubtTimer = undefined;
      if (this.#socket === socket && this.#lastHeard < asked) this.#lose();
    }, DOUBT_LIMIT_MS);
  }

  /** Throws the connection away and makes a new one. */
  restart(): void {
    if (!this.#closed) this.#lose();
  }

  close(): void {
    this.#closed = true;
    window.removeEventListener('online', this.#onOnline);
    window.removeEventListener('offline', this.#onDoubt);
    document.removeEventListener('visibilitychange', this.#onVisible);
    this.#drop();
    clearTimeout(this.#retryTimer);
  }

  #connect(): void {
    if (this.#closed || this.#socket) return;
    let socket: WebSocket;
    try {
      socket = new WebSocket(this.#url);
    } catch {
      this.#scheduleRetry();
      return;
    }
    this.#socket = socket;
    this.#openTimer = setTimeout(() => {
      if (this.#socket === socket) this.#lose();
    }, OPEN_LIMIT_MS);
    socket.onopen = () => {
      if (this.#socket !== socket) return;
      clearTimeout(this.#openTimer);
      this.#lastHeard = performance.now();
      this.#pingTimer = setInterval(() => {
        this.#checkAlive();
      }, PING_INTERVAL_MS);
      this.#events.onOpen();
    };
    socket.onmessage = (event) => {
      if (this.#socket === socket) this.#receive(event.data);
    };
    socket.onclose = ({ code, reason }) => {
      if (this.#socket !== socket) return;
      if (code === SHUT_FOR_GOOD) this.#events.onShut(reason);
      else this.#lose();
    };
  }

  #receive(data: unknown): void {
    this.#lastHeard = performance.now();
    const message = parseServerMessage(data);
    if (message && message.type !== 'pong') this.#events.onMessage(message);
  }

  #checkAlive(): void {
    if (performance.now() - this.#lastHeard > SILENCE_LIMIT_MS) this.#lose();
    else if (this.#ready) this.#ping();
  }

  #ping(): void {
    this.#pingId += 1;
    this.send({ type: 'ping', id: this.#pingId });
  }

  #lose(): void {
    this.#drop();
    this.#scheduleRetry();
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#ready = false;
    clearInterval(this.#pingTimer);
    clearTimeout(this.#openTimer);
    clearTimeout(this.#doubtTimer);
    this.#doubtTimer = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #scheduleRetry(): void {
    if (this.#closed) return;
    if (this.#readySince !== null && performance.now() - this.#readySince > STABLE_AFTER_MS) this.#attempt = 0;
    this.#readySince = null;
    this.#attempt += 1;
    const wait = reconnectDelay(this.#attempt, Math.random());
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => {
      this.#connect();
    }, wait);
    this.#events.onWaiting(this.#attempt, wait);
  }

  readonly #onOnline = () => {
    // A new network: the old connection may look alive for minutes.
    if (this.#socket) this.doubt();
    else this.retryNow();
  };

  readonly #onDoubt = () => {
    this.doubt();
  };

  readonly #onVisible = () => {
    if (document.visibilityState === 'visible') this.#onOnline();
  };
}

/** A server message, or `null` for anything else. The server is ours, but a proxy's error page is not. */
export function parseServerMessage(data: unknown): ServerMessage | null {
  if (typeof data !== 'string') return null;
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value !== 'object' || value === null || !('type' in value)) return null;
    return value as ServerMessage;
  } catch {
    return null;
  }
}
