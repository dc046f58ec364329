import type { Environment } from './state/school.svelte';

/** The browser's own. */
export function browserEnvironment(): Environment {
  return {
    fetch: (input, init) => fetch(input, init),
    location: window.location,
    history: window.history,
    now: () => Date.now(),
    connect: (onMessage, onClose) => {
      const socket = new WebSocket(new URL('/api/live', window.location.href.replace(/^http/, 'ws')));
      socket.addEventListener('message', ({ data }) => { onMessage(data); });
      socket.addEventListener('close', ({ code }) => { onClose(code); });
      return () => { socket.close(); };
    },
  };
}
