import type { Actor } from '../actor/actor.js';
import type { Hint } from './hints.js';

const ACTING_MS = 5_000;

/** A moderator is about to act on somebody: shown to other moderators, stored nowhere. */
export interface Acting {
  readonly identity: string;
  readonly by: string;
  readonly byKind: Actor['kind'];
  readonly action: string | null;
  readonly until: string;
}

interface ActingKey extends Acting {
  /** The acting moderator, who is not notified. */
  readonly who: string;
}

/** `now` is by Postgres' clock here and there: the servers' own may differ by more than it lasts. */
export function actingHint(
  actor: Actor,
  room: string,
  identity: string,
  action: string | null,
  now: Date,
): Hint {
  const key: ActingKey = {
    identity,
    by: actor.label,
    byKind: actor.kind,
    action,
    until: new Date(now.getTime() + ACTING_MS).toISOString(),
    who: refOf(actor),
  };
  return { topic: `room:${room}`, type: 'acting', key: JSON.stringify(key) };
}

/** What `actor` is shown; null when it is over, or when it is their own act. */
export function readActing(key: string, actor: Actor, now: Date): Acting | null {
  const { who, ...acting } = JSON.parse(key) as ActingKey;
  return who === refOf(actor) || Date.parse(acting.until) <= now.getTime() ? null : acting;
}

function refOf({ kind, id }: Actor): string {
  return `${kind}:${id ?? ''}`;
}
