import type { AdmittedRow, AwaitedRow } from '../../policy/policy-facts.js';

/** What the connection of a seat is bound to, and the connects that may take its place. */
export interface Admissions {
  readonly admitted: AdmittedRow | null;
  readonly awaited: readonly AwaitedRow[];
}

/** A connect that the gate lets in; without a ceiling: by a token that is bound to nothing. */
export type Decision = Pick<AwaitedRow, 'key' | 'id' | 'ceiling'>;

/** The connection that LiveKit has, by Postgres' clock. */
export interface Connection {
  readonly sid: string;
  readonly joinedAt: Date;
  /** When LiveKit was asked, or earlier. */
  readonly seenAt: Date;
}

/** How long LiveKit (v1.13.5) takes a token of the gate: 30 s, and its own leeway. */
const TOKEN_MS = 90_000;
/** Between LiveKit's clock and Postgres', after the measured difference. */
const CLOCKS_MS = 3_000;

/** Notes a decision. Those that bind to the same become one: connects in a loop add nothing. */
export function awaitConnection(
  { admitted, awaited }: Admissions,
  decision: Decision,
  now: Date,
  sid: string | null,
): Admissions {
  const to = now.toISOString();
  const same =
    decision.key === undefined &&
    awaited.find(
      (one) =>
        one.key === undefined &&
        isSame(one.ceiling, decision.ceiling) &&
        (one.id === admitted?.id) === (decision.id === admitted?.id),
    );
  if (!same) {
    return { admitted, awaited: [...awaited, { ...decision, from: to, to, notSid: sid }] };
  }
  const merged = { ...same, id: decision.id, to };
  return { admitted, awaited: awaited.map((one) => (one === same ? merged : one)) };
}

/**
 * The gate has joined the connection of the decision to its client: no other one that was decided
 * before can be joined then. Null when one was, since.
 */
export function confirm({ admitted, awaited }: Admissions, key: string): Admissions | null {
  const own = awaited.find((one) => one.key === key);
  return own ? { admitted: toAdmitted(own, admitted), awaited: [] } : null;
}

/** The connect of the decision did not come up. */
export function withdraw({ admitted, awaited }: Admissions, key: string): Admissions {
  return { admitted, awaited: awaited.filter((one) => one.key !== key) };
}

/** Forgets decisions whose token LiveKit has not taken by then, and takes no longer. */
export function forgetOverdue({ admitted, awaited }: Admissions, seenAt: Date): Admissions {
  return { admitted, awaited: awaited.filter((one) => mayStillCome(one, seenAt)) };
}

/**
 * Finds the decision that LiveKit's connection came by, where the gate does not hear of it. What it
 * was bound to comes off only if no token that is bound to it can have opened the connection.
 */
export function settle(admissions: Admissions, connection: Connection): Admissions {
  const { admitted, awaited } = admissions;
  const { sid, joinedAt, seenAt } = connection;
  // The clocks do not fit together.
  if (joinedAt.getTime() > seenAt.getTime() + CLOCKS_MS) return admissions;
  if (admitted?.sid === sid) return forgetOverdue(admissions, seenAt);
  const possible = awaited.filter((one) => mayBe(one, connection));
  const others = awaited.filter((one) => !possible.includes(one) && mayStillCome(one, seenAt));
  if (possible.length === 0) return { admitted, awaited: others };
  const isSeen = admitted === null || admitted.sid !== undefined || !mayBeOf(admitted, connection);
  if (isSeen && possible.every(({ ceiling }) => ceiling === null)) {
    return { admitted: null, awaited: others };
  }
  const [only] = possible;
  if (isSeen && only && possible.length === 1) {
    // One of several connects: another of them may come up yet.
    const again = only.from === only.to ? [] : [{ ...only, notSid: sid }];
    return { admitted: toAdmitted(only, admitted, sid), awaited: [...others, ...again] };
  }
  return { admitted: isSeen ? null : admitted, awaited: [...possible, ...others] };
}

function mayBe({ from, to, notSid }: AwaitedRow, { sid, joinedAt }: Connection): boolean {
  return notSid !== sid && isWithin(from, to, joinedAt);
}

function mayBeOf({ at }: AdmittedRow, { joinedAt }: Connection): boolean {
  return isWithin(at, at, joinedAt);
}

function isWithin(from: string, to: string, joinedAt: Date): boolean {
  const joined = joinedAt.getTime();
  return joined >= Date.parse(from) - CLOCKS_MS && joined <= Date.parse(to) + TOKEN_MS + CLOCKS_MS;
}

function mayStillCome({ to }: AwaitedRow, seenAt: Date): boolean {
  return seenAt.getTime() <= Date.parse(to) + TOKEN_MS + CLOCKS_MS;
}

/** A reconnect with a refreshed token keeps what was given to its connection before. */
function toAdmitted(
  { id, ceiling, from }: AwaitedRow,
  before: AdmittedRow | null,
  sid?: string,
): AdmittedRow | null {
  if (id === null || ceiling === null) return null;
  const seen = sid === undefined ? {} : { sid };
  if (before?.id !== id) return { id, ceiling, at: from, ...seen };
  const { sid: _, ...kept } = before;
  return { ...kept, ...seen };
}

function isSame(one: AwaitedRow['ceiling'], other: AwaitedRow['ceiling']): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
