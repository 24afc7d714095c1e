import type { DecidedEntry } from '../ledger/random-entries.js';
import type { PastDecision } from '../policy/past/past-policy.js';

/** What was decided, or what policy says again. */
export interface Said {
  readonly template: string | null;
  readonly version: number | null;
  readonly code: string | null;
}

export type Verdict = 'agrees' | 'deviates' | 'not_decided_by_policy';

export interface Comparison {
  readonly verdict: Verdict;
  readonly then: Said;
  readonly again: Said;
  readonly text: string;
}

const AGREES = 'Policy as the log has it says the same.';
const OF_CALLER = 'This depended on the token or on what the caller may do, not on policy.';

/** Refusals that only policy makes. */
const POLICY_CODES: ReadonlySet<string> = new Set([
  'seat.blocked',
  'user.suspended',
  'user.deleted',
  'room.closed',
  'peek.over',
  'no_rule',
  'template.unpublished',
]);

/** Compares what an entry says with policy as it was. */
export function compare(entry: DecidedEntry, past: PastDecision): Comparison {
  const then = saidThen(entry);
  const again = saidAgain(past);
  const as = (verdict: Verdict, text: string): Comparison => ({ verdict, then, again, text });
  const is = (same: boolean): Comparison =>
    same ? as('agrees', AGREES) : as('deviates', textOf(then, again));
  if (then.code !== null) {
    const same = isSameRefusal(then.code, past);
    return same === null ? as('not_decided_by_policy', OF_CALLER) : is(same);
  }
  const { source } = entry.payload;
  if (source === 'requested' || source === 'peek') return is(isUsable(past, then));
  const isSame = then.template === again.template && then.version === again.version;
  const isSameSource =
    typeof source !== 'string' ||
    (past.decision?.verdict === 'allow' && past.decision.source === source);
  return is(isSame && (isSameSource || then.template === null));
}

function saidThen({ kind, payload }: DecidedEntry): Said {
  const refusal = payload['refusal'] ?? (kind === 'token.refused' ? payload['code'] : null);
  if (typeof refusal === 'string') return { template: null, version: null, code: refusal };
  const given = (kind.startsWith('seat.') ? payload['after'] : payload) as Partial<Said>;
  return { template: given.template ?? null, version: given.version ?? null, code: null };
}

function saidAgain({ decision }: PastDecision): Said {
  if (!decision) return { template: null, version: null, code: 'room.not_found' };
  if (decision.verdict === 'refuse') return { template: null, version: null, code: decision.code };
  return { template: decision.template, version: decision.version, code: null };
}

/** Null: policy does not say. */
function isSameRefusal(code: string, past: PastDecision): boolean | null {
  const { decision, input, versions, tokensVoidBefore } = past;
  if (POLICY_CODES.has(code)) return decision?.verdict === 'refuse' && decision.code === code;
  switch (code) {
    case 'room.not_found':
      return input === null;
    case 'user.not_found':
      return !past.isKnown;
    case 'token.voided':
      return tokensVoidBefore !== null;
    case 'unlisted':
      return !past.wasIssued && past.unlistedParticipants === 'remove';
    case 'gate.role_does_not_join': {
      if (decision?.verdict !== 'allow') return false;
      const content = versions.get(`${decision.template}@${decision.version}`);
      return content?.grants.roomJoin === false;
    }
    default:
      return null;
  }
}

/** Somebody asked for the template: its published version is what they got, unless they were kept out. */
function isUsable({ input, decision }: PastDecision, { template, version }: Said): boolean {
  const state = input && template !== null ? input.templates[template] : null;
  const isOut =
    decision?.verdict === 'refuse' &&
    ['seat.blocked', 'user.suspended', 'user.deleted', 'room.closed'].includes(decision.code);
  return state?.published === version && !state?.isArchived && !isOut;
}

function textOf(then: Said, again: Said): string {
  return `The entry says ${words(then)}; policy as the log has it says ${words(again)}.`;
}

function words({ template, version, code }: Said): string {
  if (code !== null) return `refused (${code})`;
  return template === null ? 'no role' : `${template} v${version}`;
}
