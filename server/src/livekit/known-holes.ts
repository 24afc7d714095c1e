/** A weakness of LiveKit that a later release mended, as its change log and its source have it. */
export interface KnownHole {
  readonly id: string;
  /** The first release without it. */
  readonly fixedIn: string;
  readonly text: string;
}

/** Newest first; docs/operations.md has the same list, with what Rolecall does about each. */
export const KNOWN_HOLES: readonly KnownHole[] = [
  {
    id: 'livekit#5011',
    fixedIn: '1.13.11',
    text: 'Who loses canSubscribe keeps the data tracks that they had subscribed to.',
  },
  {
    id: 'livekit#4992',
    fixedIn: '1.13.10',
    text: 'The built-in TURN server relays TCP, and to any port of its own machine.',
  },
  {
    id: 'GHSA-gfh2-98qv-ggmw',
    fixedIn: '1.13.7',
    text: 'Anybody with a token for the room can change or end the WHIP session of somebody else. The gate lets only its owner pass.',
  },
  {
    id: 'livekit#4756',
    fixedIn: '1.13.6',
    text: 'The answer to a token that is refused repeats the whole token, and so does the log.',
  },
  {
    id: 'livekit#4757',
    fixedIn: '1.13.6',
    text: 'Requests and signalling messages have no limit of size, and people no limit of pending tracks.',
  },
  {
    id: 'livekit/protocol 5a20e57c',
    fixedIn: '1.13.6',
    text: 'A token without an expiry is good for ever. Rolecall makes none.',
  },
  {
    id: 'livekit 1.12.0',
    fixedIn: '1.12.0',
    text: 'The built-in TURN server relays to private addresses.',
  },
];

/** Those of `version`, such as `1.13.5`; null when it is no release. */
export function holesOf(version: string): KnownHole[] | null {
  const own = parse(version);
  if (!own) return null;
  return KNOWN_HOLES.filter(({ fixedIn }) => isBefore(own, parse(fixedIn) ?? []));
}

function parse(version: string): number[] | null {
  const match = /^v?(\d+)\.(\d+)\.(\d+)$/.exec(version);
  return match ? match.slice(1).map(Number) : null;
}

function isBefore(one: readonly number[], other: readonly number[]): boolean {
  for (const [at, part] of other.entries()) {
    const own = one[at] ?? 0;
    if (own !== part) return own < part;
  }
  return false;
}
