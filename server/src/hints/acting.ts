import type { Actor } from '../actor/actor.js';
import type { Hint } from './hints.js';

const ACTING_MS = 5_000;

/** Somebody is about to act on somebody: told to the others, kept by nobody. */
export interface Acting {
  readonly identity: string;
  readonly by: string;
  readonly byKind: Actor['kind'];
  readonly action: string | null;
  readonly until: string;
}

interface ActingKey extends Acting {
  /** Who it is that acts: they are not told. */
  readonly who: string;
}

export function actingHint(
  actor: Actor,
  room: string,
  identity: string,
  action: string | null,
): Hint {
  const key: ActingKey = {
    identity,
    by: actor.label,
    byKind: actor.kind,
    action,
    until: new Date(Date.now() + ACTING_MS).toISOString(),
    who: whoIs(actor),
  };
  return { topic: `room:${room}`, type: 'acting', key: JSON.stringify(key) };
}

/** What `actor` is told of it; null when it is over, or of their own doing. */
export function readActing(key: string, actor: Actor, now = Date.now()): Acting | null {
  const { who, ...acting } = JSON.parse(key) as ActingKey;
  return who === whoIs(actor) || Date.parse(acting.until) <= now ? null : acting;
}

function whoIs({ kind, id }: Actor): string {
  return `${kind}:${id ?? ''}`;
}
