/** A room of LiveKit's list. */
export interface ListedRoom {
  readonly name: string;
  readonly sid: string;
  /** Lags by some seconds, and counts hidden participants and those without media. */
  readonly numParticipants: number;
}

interface Known {
  readonly sid: string;
  /** LiveKit's own count when the room was looked at last. */
  readonly count: number;
  /** How many were found in it then. */
  readonly people: number;
  readonly visitedAt: number;
}

/** For how many rounds a room in which something happened is looked at in each. */
const ACTIVE_ROUNDS = 6;
/** For how many all rooms are, once it shows that webhooks are lost. */
const WITHOUT_WEBHOOKS_ROUNDS = 12;
/** Rounds between two visits of an idle room. */
const QUIET_ROUNDS = 2;
/** The same for one that nobody is in: LiveKit's count brings it forward when somebody comes. */
const EMPTY_ROUNDS = 4;

/**
 * Which rooms a sweep visits. A room with recent activity is visited in every round; the others less
 * often, so that idle rooms cost little. Times are in milliseconds of a monotonic clock.
 */
export class SweepSchedule {
  private readonly known = new Map<string, Known>();
  private readonly activeUntil = new Map<string, number>();
  private allUntil = -Infinity;

  constructor(private readonly roundMs: number) {}

  /** Something happened in the room. */
  noteActivity(room: string, now: number): void {
    this.activeUntil.set(room, now + ACTIVE_ROUNDS * this.roundMs);
  }

  /** What is known of every room may be wrong: LiveKit was away, or its webhooks do not come. */
  noteActivityEverywhere(now: number): void {
    this.allUntil = now + WITHOUT_WEBHOOKS_ROUNDS * this.roundMs;
  }

  /** Of the rooms that run now, those to look at; the others are forgotten once they end. */
  due<T extends ListedRoom>(running: readonly T[], now: number): T[] {
    const names = new Set(running.map(({ name }) => name));
    for (const name of this.known.keys()) if (!names.has(name)) this.known.delete(name);
    for (const [name, until] of this.activeUntil) {
      if (until <= now) this.activeUntil.delete(name);
    }
    return running.filter((room) => this.isDue(room, now));
  }

  noteVisit({ name, sid, numParticipants }: ListedRoom, people: number, now: number): void {
    this.known.set(name, { sid, count: numParticipants, people, visitedAt: now });
  }

  private isDue({ name, sid, numParticipants }: ListedRoom, now: number): boolean {
    const known = this.known.get(name);
    if (!known || known.sid !== sid || known.count !== numParticipants) return true;
    if (now < this.allUntil || this.activeUntil.has(name)) return true;
    const isEmpty = known.people === 0 && numParticipants === 0;
    const rounds = isEmpty ? EMPTY_ROUNDS : QUIET_ROUNDS;
    // Half a round of tolerance: sweeps are not exactly on time.
    return now - known.visitedAt >= (rounds - 0.5) * this.roundMs;
  }
}
