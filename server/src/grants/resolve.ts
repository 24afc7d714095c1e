import { actorName } from './actor-name.js';
import {
  assigned,
  byPrecedence,
  covers,
  isNear,
  whyNotCovered,
  whyOutranked,
} from './assignment-rules.js';
import type {
  Allowed,
  AssignmentRule,
  Because,
  Decision,
  Hold,
  PolicyInput,
  RefusalCode,
} from './policy.js';
import { applyScene } from './scene.js';
import { bothWithheld, NOTHING_WITHHELD, type Withheld } from './withhold.js';

/** A ledger entry carries the whole chain: above this many of a sort they are counted, not listed. */
const MAX_LISTED = 20;

type Reason = Omit<Because, 'outcome'>;

/** A rule that applies here and now, and what it would decide. */
interface Candidate {
  reason: Reason;
  /** Why whatever comes after it loses. */
  outranks: string;
  assignment?: AssignmentRule;
  decide(because: Because[]): Decision;
}

/**
 * The one function that decides. Total and pure: the order of the assignments says nothing, and the
 * chain names exactly one winner, all losers, and the near misses.
 *
 * Precedence: block, user (deleted, suspended), closed room, override, the end of a peek (its seat has
 * no other role), assignments (the user before everyone; a room before a pattern before all; the more
 * specific pattern; the higher priority; the newest), the room's default template, refusal. What wins
 * is then changed by the room's scene, unless it was given after the scene began, and narrowed by a
 * hold.
 */
export function resolve(input: PolicyInput, at: Date): Decision {
  const candidates: Candidate[] = [];
  const nearMisses: Reason[] = [];
  const notes: Reason[] = [];

  addBlock(input, at, candidates, nearMisses);
  addUser(input, candidates, notes);
  addRoom(input, candidates);
  addOverride(input, at, candidates, nearMisses);
  addPeek(input, candidates);
  const passedOver = addAssignments(input, at, candidates, nearMisses, notes);
  addDefault(input, candidates, notes);
  const isOnlyUnpublished = passedOver || isDefaultUnusable(input);
  candidates.push(refusalForWantOfRules(input, isOnlyUnpublished));

  const [winner, ...losers] = candidates as [Candidate, ...Candidate[]];
  const because: Because[] = [toBecause(winner.reason, 'wins')];
  const outranked = losers.filter(({ reason }) => reason.rule !== 'policy');
  list(
    because,
    'loses',
    outranked.map((loser) => withWhy(loser, winner)),
  );
  list(because, 'near_miss', nearMisses);
  list(because, 'note', notes);
  const decision = winner.decide(because);
  return decision.verdict === 'allow' ? narrow(decision, input, at) : decision;
}

function narrow(decision: Allowed, input: PolicyInput, at: Date): Allowed {
  const { seat, subject } = input;
  // A scene would make the hidden participant of a peek visible.
  const isPeek = seat?.peeksAt != null;
  const isExempt = isPeek || (decision.source === 'override' && isGivenInScene(input));
  const played = isExempt ? decision : applyScene(decision, input.room, input.templates);
  const held = withheldByHold(seat?.hold ?? null, at);
  if (!seat?.hold || held.sources.length === 0) return played;
  const { by, until, reason } = seat.hold;
  const length = until ? ` until ${instant(until)}` : '';
  const text = `${by} holds ${held.sources.join(', ')} silent${length}${why(reason)}.`;
  return {
    ...played,
    withheld: bothWithheld(played.withheld, held),
    because: [
      ...played.because,
      { outcome: 'note', ref: subject.identity, rule: 'hold', template: null, text },
    ],
  };
}

/** By a moderator: what somebody falls back to, at the end of a lease or by stepping down, is no gift. */
function isGivenInScene({ seat, room }: PolicyInput): boolean {
  if (!seat?.override || !room.scene) return false;
  const { at, byKind } = seat.override;
  return at > room.scene.at && byKind !== 'participant' && byKind !== 'system';
}

/** What a hold takes now, for decisions on a template that `resolve` did not choose. */
export function withheldByHold(hold: Hold | null, at: Date): Withheld {
  if (!hold || endedBy(hold.until, at)) return NOTHING_WITHHELD;
  return { sources: hold.sources, data: false };
}

function list(because: Because[], outcome: Because['outcome'], reasons: readonly Reason[]): void {
  for (const reason of reasons.slice(0, MAX_LISTED)) because.push(toBecause(reason, outcome));
  const rest = reasons.length - MAX_LISTED;
  if (rest > 0) {
    const text = `${rest} more of these are not listed.`;
    because.push({ outcome: 'note', ref: null, rule: 'policy', template: null, text });
  }
}

/** Its members are in the order in which the ledger has them, so that they are written as they are. */
function toBecause(
  { elsewhere, ref, rule, template, text }: Reason,
  outcome: Because['outcome'],
): Because {
  const because = { outcome, ref, rule, template, text };
  return elsewhere ? { elsewhere, ...because } : because;
}

function refuse(code: RefusalCode): Candidate['decide'] {
  return (because) => ({ verdict: 'refuse', code, because });
}

function addBlock(
  { seat, subject }: PolicyInput,
  at: Date,
  candidates: Candidate[],
  nearMisses: Reason[],
): void {
  const block = seat?.block;
  if (!block) return;
  const by = actorName(block.by, block.byKind);
  const reason = { rule: 'block', ref: subject.identity, template: null } as const;
  // Its start is not looked at: a block counts from its commit, whatever the clocks say.
  const ended = endedBy(block.until, at);
  if (ended) {
    nearMisses.push({ ...reason, text: `A block by ${by} ended ${instant(ended)}.` });
    return;
  }
  const length = block.until ? `until ${instant(block.until)}` : 'for good';
  candidates.push({
    reason: { ...reason, text: `Blocked ${length} by ${by}${why(block.reason)}.` },
    outranks: 'a block outranks everything',
    decide: refuse('seat.blocked'),
  });
}

function addUser({ subject }: PolicyInput, candidates: Candidate[], notes: Reason[]): void {
  const reason = { rule: 'user', ref: subject.userId, template: null } as const;
  if (subject.isDeleted) {
    candidates.push({
      reason: { ...reason, text: 'The user was deleted.' },
      outranks: 'the user was deleted',
      decide: refuse('user.deleted'),
    });
  } else if (subject.isSuspended) {
    candidates.push({
      reason: { ...reason, text: 'The user is suspended.' },
      outranks: 'the user is suspended',
      decide: refuse('user.suspended'),
    });
  } else if (subject.userId === null) {
    notes.push({
      ...reason,
      text: `No user has the identity \`${subject.identity}\`: only rules for everyone can apply.`,
    });
  }
}

function addRoom({ room }: PolicyInput, candidates: Candidate[]): void {
  if (!room.isClosed) return;
  candidates.push({
    reason: { rule: 'room', text: 'The room is closed.', ref: room.name, template: null },
    outranks: 'the room is closed',
    decide: refuse('room.closed'),
  });
}

function addOverride(
  { seat, subject }: PolicyInput,
  at: Date,
  candidates: Candidate[],
  nearMisses: Reason[],
): void {
  const override = seat?.override;
  if (!override) return;
  const { template, version, until, by } = override;
  const reason = { rule: 'override', ref: subject.identity, template } as const;
  const given = `${by} gave \`${template}\` v${version}`;
  const ended = endedBy(until, at);
  if (ended) {
    nearMisses.push({ ...reason, text: `${given} in this room: ended ${instant(ended)}.` });
    return;
  }
  const length = until ? `until ${instant(until)}` : 'for this session';
  candidates.push({
    reason: { ...reason, text: `${given} ${length}${why(override.reason)}.` },
    outranks: 'a change made in the room outranks standing policy',
    decide: (because) => ({
      verdict: 'allow',
      template,
      version,
      source: 'override',
      ref: null,
      validUntil: until,
      withheld: NOTHING_WITHHELD,
      because,
    }),
  });
}

function addPeek({ seat, subject }: PolicyInput, candidates: Candidate[]): void {
  if (seat?.peeksAt == null) return;
  const text = `This seat is a moderator’s, for a peek at \`${seat.peeksAt}\`; the peek is over.`;
  candidates.push({
    reason: { rule: 'peek', text, ref: subject.identity, template: null },
    outranks: 'a moderator’s seat for peeks has no other role',
    decide: refuse('peek.over'),
  });
}

/** Whether one that applies was passed over, because of its template. */
function addAssignments(
  { assignments, room, templates }: PolicyInput,
  at: Date,
  candidates: Candidate[],
  nearMisses: Reason[],
  notes: Reason[],
): boolean {
  let isAnyPassedOver = false;
  // One that is over as well as elsewhere is too far off to be of help.
  const relevant = assignments.filter(
    ({ scope, validFrom, validUntil }) =>
      covers(scope, room.name) || (isOpen(validFrom, validUntil, at) && isNear(scope, room.name)),
  );
  for (const assignment of relevant.sort(byPrecedence)) {
    const { scope, template, validFrom, validUntil } = assignment;
    const reason = { rule: 'assignment', ref: assignment.id, template } as const;
    const sentence = assigned(assignment);
    const note = (problem: string): Reason => ({ ...reason, text: `${sentence}: ${problem}.` });

    if (!covers(scope, room.name)) {
      nearMisses.push({ ...note(whyNotCovered(scope, room.name)), elsewhere: scope });
      continue;
    }
    const ended = endedBy(validUntil, at);
    if (ended) {
      nearMisses.push(note(`expired ${instant(ended)}`));
      continue;
    }
    if (validFrom && at.getTime() < validFrom.getTime()) {
      nearMisses.push(note(`starts ${instant(validFrom)}`));
      continue;
    }
    const state = templateState(templates, template);
    if (typeof state === 'string') {
      notes.push(note(`passed over, because the template ${state}`));
      isAnyPassedOver = true;
      continue;
    }
    const end = validUntil ? ` until ${instant(validUntil)}` : '';
    candidates.push({
      reason: { ...reason, text: `${sentence}${end}${why(assignment.reason)}.` },
      outranks: 'an assignment outranks the room’s default',
      assignment,
      decide: (because) => ({
        verdict: 'allow',
        template,
        version: state.version,
        source: 'assignment',
        ref: assignment.id,
        validUntil,
        withheld: NOTHING_WITHHELD,
        because,
      }),
    });
  }
  return isAnyPassedOver;
}

function addDefault(
  { room, templates }: PolicyInput,
  candidates: Candidate[],
  notes: Reason[],
): void {
  const template = room.defaultTemplate;
  if (template === null) return;
  const reason = { rule: 'default', ref: room.name, template } as const;
  const sentence = `The room gives \`${template}\` to everyone without another role`;
  const state = templateState(templates, template);
  if (typeof state === 'string') {
    notes.push({ ...reason, text: `${sentence}: passed over, because the template ${state}.` });
    return;
  }
  candidates.push({
    reason: { ...reason, text: `${sentence}.` },
    outranks: 'the room’s default applies',
    decide: (because) => ({
      verdict: 'allow',
      template,
      version: state.version,
      source: 'default',
      ref: null,
      validUntil: null,
      withheld: NOTHING_WITHHELD,
      because,
    }),
  });
}

function isDefaultUnusable({ room, templates }: PolicyInput): boolean {
  return (
    room.defaultTemplate !== null &&
    typeof templateState(templates, room.defaultTemplate) === 'string'
  );
}

function refusalForWantOfRules({ room }: PolicyInput, isOnlyUnpublished: boolean): Candidate {
  const text = isOnlyUnpublished
    ? 'What applies here names only templates that cannot be used.'
    : room.defaultTemplate === null
      ? 'No assignment covers this identity in this room, and the room has no default template.'
      : 'No assignment covers this identity in this room.';
  return {
    reason: { rule: 'policy', text, ref: null, template: null },
    outranks: '',
    decide: refuse(isOnlyUnpublished ? 'template.unpublished' : 'no_rule'),
  };
}

/** The version to use, or why there is none. */
function templateState(
  templates: PolicyInput['templates'],
  key: string,
): { version: number } | string {
  const state = templates[key];
  if (state?.isArchived) return 'is archived';
  if (state?.published == null) return 'has no published version';
  return { version: state.published };
}

function withWhy(loser: Candidate, winner: Candidate): Reason {
  const [a, b] = [winner.assignment, loser.assignment];
  const outranks = (a && b && whyOutranked(a, b)) ?? winner.outranks;
  return { ...loser.reason, text: `${loser.reason.text} Loses: ${outranks}.` };
}

function isOpen(from: Date | null, until: Date | null, at: Date): boolean {
  return !endedBy(until, at) && (from === null || from.getTime() <= at.getTime());
}

/** The end, when it has come; windows are half-open, so it comes at the end itself. */
function endedBy(until: Date | null, at: Date): Date | null {
  return until !== null && until.getTime() <= at.getTime() ? until : null;
}

/** "2026-11-20 18:00 UTC"; with seconds where they matter, as in a lease of half a minute. */
function instant(date: Date): string {
  return `${date
    .toISOString()
    .replace('T', ' ')
    .replace(/(:00)?\.\d+Z$/, '')} UTC`;
}

/** Clipped by whole characters: half a surrogate pair cannot be stored. */
function why(reason: string | null): string {
  if (!reason) return '';
  const characters = reason.length > 200 ? Array.from(reason) : null;
  return `: “${characters && characters.length > 200 ? `${characters.slice(0, 199).join('')}…` : reason}”`;
}
