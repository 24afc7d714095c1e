import { LEDGER_KINDS } from '../ledger-kinds.js';
import type { DossierEntry, DossierManifest } from './dossier-format.js';

/** What a dossier tells, computed from the entries that it proves. Times are milliseconds. */
export interface SessionReport {
  readonly from: number;
  readonly to: number;
  readonly counts: {
    readonly people: number;
    readonly mostAtOnce: number;
    readonly admitted: number;
    readonly refused: number;
    readonly decisions: number;
    readonly watched: number;
  };
  readonly attendance: readonly Attendance[];
  readonly lanes: readonly Lane[];
  readonly decisions: readonly Decision[];
  readonly watched: readonly Watched[];
  readonly admissions: readonly Admission[];
  readonly refusals: readonly Refusal[];
}

export interface Attendance {
  readonly who: string;
  readonly isHidden: boolean;
  readonly visits: readonly Visit[];
  readonly presentMs: number;
}

export interface Visit {
  readonly from: number;
  /** Null: no entry says that they left. */
  readonly to: number | null;
}

export interface Lane {
  readonly who: string;
  readonly stretches: readonly Stretch[];
}

/** One person with the same rights from one moment to another. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** The key of the role template; null: the log names none. */
  readonly role: string | null;
  /** What they could do, in words; null: the log does not say it. */
  readonly can: readonly string[] | null;
}

export interface Decision {
  readonly at: number;
  readonly what: string;
  readonly about: string | null;
  readonly by: string;
  readonly reason: string | null;
  readonly roles: { readonly before: string | null; readonly after: string | null } | null;
  readonly outcome: string;
  /** Until LiveKit had confirmed it; null: it needed no confirmation, or got none. */
  readonly confirmedMs: number | null;
  /** Until LiveKit reported the last of the tracks gone that it took away. */
  readonly silentMs: number | null;
  readonly ids: readonly string[];
}

export interface Watched {
  readonly who: string;
  readonly by: string;
  readonly from: number;
  readonly to: number;
  readonly reason: string | null;
}

export interface Admission {
  readonly at: number;
  readonly what: string;
  readonly who: string;
  readonly by: string;
  readonly role: string | null;
  readonly expiresAt: string | null;
}

export interface Refusal {
  readonly at: number;
  readonly what: string;
  readonly who: string | null;
  readonly by: string;
  readonly why: string | null;
}

/** An entry as the report reads it: its leaf with what is known of the people in it. */
interface Told {
  readonly id: string;
  readonly at: number;
  readonly kind: string;
  readonly outcome: string;
  readonly about: string | null;
  readonly by: string;
  readonly reason: string | null;
  readonly payload: Readonly<Record<string, unknown>>;
}

const UNKNOWN = 'somebody';
const DECIDED =
  /^(seat|stage|scene|bulk)\.|^room\.(closed|opened|updated|deleted)$|^token\.voided$/;
/** What follows from a decision, or stands beside one. */
const NO_DECISIONS = new Set([
  'seat.silenced',
  'seat.state_recorded',
  'seat.peeked',
  'seat.peek_ended',
]);
const ADMITTING = new Set(['token.issued', 'gate.admitted']);
const ENDED = new Set(['participant.left', 'participant.aborted']);
/** Said once LiveKit has it. */
const IN_EFFECT = new Set(['ok', 'applied']);
const IS_PEEK = /^rolecall-peek:/;

export function reportOf(
  manifest: DossierManifest,
  entries: readonly DossierEntry[],
): SessionReport {
  const told = entries.map(toTold).filter((one) => one !== null);
  const from = Date.parse(manifest.startedAt);
  const to = Date.parse(manifest.endedAt ?? manifest.until);
  const attendance = attendanceOf(told, from, to);
  const changes = changesByPerson(told);
  const lanes = attendance.map((one) => laneOf(one, changes.get(one.who) ?? [], to));
  const decisions = decisionsOf(told, from);
  const watched = watchedIn(told, attendance, to);
  const refusals = told.filter(({ outcome }) => outcome === 'refused').map(toRefusal);
  const admissions = told.filter(({ kind }) => ADMITTING.has(kind)).map(toAdmission);
  return {
    from,
    to,
    counts: {
      people: attendance.filter(({ isHidden }) => !isHidden).length,
      mostAtOnce: mostAtOnce(attendance, to),
      admitted: admissions.length,
      refused: refusals.length,
      decisions: decisions.length,
      watched: watched.length,
    },
    attendance,
    lanes,
    decisions,
    watched,
    admissions,
    refusals,
  };
}

/** Null: only the hash of the entry is there. */
function toTold({ id, entry, actor, subject, by, about }: DossierEntry): Told | null {
  if (entry === null) return null;
  const person = subject?.part ?? {};
  const personal = isRecord(person['payload']) ? person['payload'] : {};
  const isAbout = entry.subject !== null && entry.subject !== undefined;
  const identity = textOf(person['identity']);
  return {
    id,
    at: Date.parse(entry.at),
    kind: entry.kind,
    outcome: entry.outcome,
    about: about ?? identity ?? (isAbout && !subject ? unknown(entry.payload) : null),
    by: by ?? textOf(actor?.part['label']) ?? nameOfKind(entry.actor?.kind),
    reason: textOf(person['reason']) ?? textOf(entry.reason),
    payload: { ...entry.payload, ...personal },
  };
}

/** Whom an erased entry is about: LiveKit's id of the connection tells them apart. */
function unknown({ sid }: Readonly<Record<string, unknown>>): string {
  return typeof sid === 'string' ? `${UNKNOWN} (${sid})` : UNKNOWN;
}

function attendanceOf(told: readonly Told[], from: number, to: number): Attendance[] {
  const ends = new Map<string, number>();
  for (const one of told) if (ENDED.has(one.kind)) ends.set(connectionOf(one), one.at);
  const people = new Map<string, { visits: Visit[]; isHidden: boolean }>();
  for (const one of told) {
    if (one.kind !== 'participant.joined' || one.about === null || one.at < from) continue;
    const known = people.get(one.about) ?? { visits: [], isHidden: isHidden(one) };
    people.set(one.about, known);
    known.visits.push({ from: one.at, to: ends.get(connectionOf(one)) ?? null });
  }
  return [...people].map(([who, { visits, isHidden }]) => ({
    who,
    isHidden,
    visits,
    presentMs: lengthOf(merged(visits, to)),
  }));
}

function isHidden({ about, payload }: Told): boolean {
  const { permission } = payload;
  return IS_PEEK.test(about ?? '') || (isRecord(permission) && permission['hidden'] === true);
}

/** Entries about a connection name it by LiveKit's id. */
function connectionOf({ about, payload }: Told): string {
  return `${textOf(payload['sid']) ?? ''} ${about ?? ''}`;
}

/** Visits that overlap, as one: somebody with two connections is there once. */
function merged(visits: readonly Visit[], end: number): { from: number; to: number }[] {
  const result: { from: number; to: number }[] = [];
  const all = visits
    .map(({ from, to }) => ({ from, to: Math.max(from, to ?? end) }))
    .toSorted((a, b) => a.from - b.from);
  for (const visit of all) {
    const last = result.at(-1);
    if (last && visit.from <= last.to) last.to = Math.max(last.to, visit.to);
    else result.push(visit);
  }
  return result;
}

function lengthOf(visits: readonly { from: number; to: number }[]): number {
  return visits.reduce((sum, { from, to }) => sum + to - from, 0);
}

function mostAtOnce(attendance: readonly Attendance[], end: number): number {
  const steps = attendance
    .filter(({ isHidden }) => !isHidden)
    .flatMap(({ visits }) => merged(visits, end))
    .flatMap(({ from, to }) => [
      { at: from, by: 1 },
      { at: to, by: -1 },
    ])
    .toSorted((a, b) => a.at - b.at || a.by - b.by);
  let now = 0;
  let most = 0;
  for (const { by } of steps) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}

interface Rights {
  readonly role: string | null;
  readonly can: readonly string[] | null;
}

/** A token, and what is set on the seat, say the role of the next connect; acts change it at once. */
function laneOf({ who, visits }: Attendance, changes: readonly Change[], end: number): Lane {
  const stretches = merged(visits, end).flatMap((visit) => {
    const before = changes.filter(({ at }) => at <= visit.from);
    let now: Rights = {
      role: before.findLast(({ role }) => role !== undefined)?.role ?? null,
      can: before.findLast(({ can }) => can !== null)?.can ?? null,
    };
    let since = visit.from;
    const result: Stretch[] = [];
    const close = (to: number): void => {
      if (to > since) result.push({ from: since, to, ...now });
      since = to;
    };
    for (const { at, role, can, isAtOnce } of changes) {
      if (!isAtOnce || at <= visit.from || at >= visit.to) continue;
      const next = { role: role === undefined ? now.role : role, can: can ?? now.can };
      if (isSame(now, next)) continue;
      close(at);
      now = next;
    }
    close(visit.to);
    return result;
  });
  return { who, stretches };
}

function changesByPerson(told: readonly Told[]): Map<string, Change[]> {
  const changes = new Map<string, Change[]>();
  for (const one of told) {
    if (one.about === null) continue;
    const known = changes.get(one.about);
    if (known) known.push(...toChange(one));
    else changes.set(one.about, toChange(one));
  }
  return changes;
}

interface Change {
  readonly at: number;
  /** Undefined: it says nothing of the role. */
  readonly role: string | null | undefined;
  readonly can: readonly string[] | null;
  readonly isAtOnce: boolean;
}

function toChange({ at, kind, outcome, payload }: Told): Change[] {
  if (kind === 'participant.joined') {
    // LiveKit's own word of what they may do; the role is that of what let them in.
    return [{ at, role: undefined, can: rightsIn(payload['permission']), isAtOnce: true }];
  }
  if (ADMITTING.has(kind)) {
    return [{ at, role: textOf(payload['template']), can: null, isAtOnce: false }];
  }
  if (!IN_EFFECT.has(outcome)) return [];
  if (kind === 'seat.updated' || kind === 'drift.repaired') {
    const can = rightsIn(payload['wanted']);
    return [{ at, role: textOf(payload['template']), can, isAtOnce: true }];
  }
  const after = payload['after'];
  if (!kind.startsWith('seat.') || !isRecord(after)) return [];
  const can = rightsIn(after['permission']);
  return [{ at, role: textOf(after['template']), can, isAtOnce: true }];
}

function isSame(a: Rights, b: Rights): boolean {
  return a.role === b.role && JSON.stringify(a.can) === JSON.stringify(b.can);
}

const SOURCES: Readonly<Record<string, string>> = {
  microphone: 'speak',
  camera: 'show their camera',
  screen_share: 'share their screen',
  screen_share_audio: 'share the sound of their screen',
};

function rightsIn(permission: unknown): string[] | null {
  if (!isRecord(permission)) return null;
  const sources = Array.isArray(permission['canPublishSources'])
    ? permission['canPublishSources'].filter((one) => typeof one === 'string')
    : [];
  const canPublish = permission['canPublish'] === true;
  return [
    ...(permission['canSubscribe'] === true ? ['see and hear'] : []),
    // An empty list is every source, for LiveKit.
    ...(canPublish && sources.length === 0 ? ['publish anything'] : []),
    ...(canPublish ? sources.map((one) => SOURCES[one] ?? `publish ${one}`) : []),
    ...(permission['canPublishData'] === true ? ['send data'] : []),
    ...(permission['hidden'] === true ? ['be there unseen'] : []),
  ];
}

/** One for each operation: what was asked for, what came of it, when it was real. */
function decisionsOf(told: readonly Told[], from: number): Decision[] {
  const operations = new Map<string, Told[]>();
  told.forEach((one, i) => {
    if (!DECIDED.test(one.kind) || one.at < from) return;
    const operation = textOf(one.payload['operationId']) ?? `${i}`;
    const known = operations.get(operation);
    if (known) known.push(one);
    else operations.set(operation, [one]);
  });
  return [...operations.values()].flatMap((all) => {
    const steps = all.filter(({ kind }) => !NO_DECISIONS.has(kind));
    const [first] = steps;
    const last = steps.at(-1);
    if (!first || !last) return [];
    const silenced = all.find(({ kind }) => kind === 'seat.silenced');
    const isConfirmed = first.outcome === 'intent' && last.outcome === 'applied';
    const { before, after } = last.payload;
    return [
      {
        at: first.at,
        what: whatOf(first.kind),
        about: first.about,
        by: first.by,
        reason: steps.map(({ reason }) => reason).find((reason) => reason !== null) ?? null,
        roles:
          isRecord(before) && isRecord(after) && 'template' in after
            ? { before: textOf(before['template']), after: textOf(after['template']) }
            : null,
        outcome: last.outcome,
        confirmedMs: isConfirmed ? (numberOf(last.payload['ms']) ?? last.at - first.at) : null,
        silentMs: silenced ? numberOf(silenced.payload['ms']) : null,
        ids: all.map(({ id }) => id),
      },
    ];
  });
}

/** Who was watched by a moderator that nobody saw; and who else was there unseen. */
function watchedIn(
  told: readonly Told[],
  attendance: readonly Attendance[],
  end: number,
): Watched[] {
  const peeks = told.filter(({ kind }) => kind === 'seat.peeked');
  const watched = peeks.map((peek) => {
    const { at, about, by, reason, payload } = peek;
    const planned = Date.parse(textOf(payload['until']) ?? '');
    // A moderator has one peek at a time in a room.
    const next = peeks.find((other) => other.by === by && other.at > at)?.at ?? Infinity;
    const ended = told.find(
      (one) =>
        one.kind === 'seat.peek_ended' &&
        one.at > at &&
        one.at < next &&
        (one.about === payload['as'] || one.by === by || one.about === by),
    );
    const to = Math.min(Number.isNaN(planned) ? end : planned, ended?.at ?? end, next, end);
    return { who: about ?? UNKNOWN, by, from: at, to: Math.max(at, to), reason };
  });
  const seats = new Set(peeks.flatMap(({ by, payload }) => [by, textOf(payload['as'])]));
  const others = attendance
    .filter(({ isHidden, who }) => isHidden && !seats.has(who))
    .flatMap(({ who, visits }) =>
      visits.map(({ from, to }) => ({
        who: 'everybody',
        by: who,
        from,
        to: to ?? end,
        reason: null,
      })),
    );
  return [...watched, ...others].toSorted((a, b) => a.from - b.from);
}

function toAdmission({ at, kind, about, by, payload }: Told): Admission {
  return {
    at,
    what: whatOf(kind),
    who: about ?? UNKNOWN,
    by,
    role: textOf(payload['template']),
    expiresAt: textOf(payload['expiresAt']),
  };
}

function toRefusal({ at, kind, about, by, reason, payload }: Told): Refusal {
  const { because } = payload;
  const first: unknown = Array.isArray(because) ? because[0] : because;
  const why = isRecord(first) ? textOf(first['text']) : textOf(first);
  const code = textOf(payload['refusal']) ?? textOf(payload['code']);
  return { at, what: whatOf(kind), who: about, by, why: why ?? code ?? reason };
}

function whatOf(kind: string): string {
  return kind in LEDGER_KINDS ? LEDGER_KINDS[kind as keyof typeof LEDGER_KINDS].what : kind;
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  operator: 'a moderator',
  api_key: 'the application',
  user: 'the application',
  participant: 'a participant',
  system: 'Rolecall',
};

function nameOfKind(kind: unknown): string {
  return KIND_NAMES[String(kind)] ?? UNKNOWN;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
