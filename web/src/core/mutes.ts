import type { TrackInfo } from '../generated/wire';

/** How this page wants one of its tracks. */
export interface MuteWish {
  readonly muted: boolean;
  /** This page told the server itself; otherwise a mute from before it (a reload, another device) still counts. */
  readonly said: boolean;
}

/**
 * What to do when the server tells how it sees one of our tracks: agree, say our wish (again), or take the server's mute
 * over. Nothing but the owner's own word unmutes: an offer does not, and coming back does not.
 */
export function compareMute(server: TrackInfo, wish: MuteWish): 'agree' | 'say' | 'take_over' {
  if (server.muted === wish.muted) return 'agree';
  if (wish.muted) return 'say';
  return server.muted_by_other || !wish.said ? 'take_over' : 'say';
}
