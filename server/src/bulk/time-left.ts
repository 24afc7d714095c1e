export interface Measured {
  /** Targets that are still to be worked on. */
  readonly remaining: number;
  /** Targets that were settled in the last `seconds`. */
  readonly settled: number;
  readonly seconds: number;
  /** People in the room now. */
  readonly people: number;
  /** The operation removes people from the room, so each call is cheaper than the one before. */
  readonly shrinks: boolean;
}

/** Fewer than this say nothing about the pace. */
const ENOUGH = 8;
const ENOUGH_SECONDS = 0.3;

/**
 * How long the rest will take, in whole seconds, or null while nobody can know. The pace is the one
 * that was measured; a call costs LiveKit in proportion to the people who are told of it
 * (LIVEKIT.md §9.6), so where the room empties the rest is cheaper than what was measured.
 */
export function secondsLeft({ remaining, settled, seconds, people, shrinks }: Measured) {
  if (remaining === 0) return 0;
  if (settled < ENOUGH || seconds < ENOUGH_SECONDS) return null;
  const then = people + settled / 2;
  const ahead = Math.max(people - remaining / 2, 1);
  const cheaper = shrinks && people > 0 ? ahead / then : 1;
  return Math.ceil((remaining * seconds * cheaper) / settled);
}
