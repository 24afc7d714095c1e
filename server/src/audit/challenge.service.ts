import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import { inParallel } from '../common/in-parallel.js';
import { timeOfTokenId } from '../common/token-id.js';
import { likeOfPattern } from '../database/like-of-pattern.js';
import { SearchPool } from '../database/search-pool.js';
import type { LedgerKind } from '../ledger/ledger-kinds.js';
import { ledgerId } from '../ledger/ledger-entry.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { type DecidedEntry, RandomEntries, type RandomQuery } from '../ledger/random-entries.js';
import { type PastDecision, PastPolicyReader } from '../policy/past/past-policy.js';
import type { ChallengeBody } from './challenge.schemas.js';
import { compare, type Comparison } from './redecide.js';

const DECIDED: readonly LedgerKind[] = [
  'token.issued',
  'token.refused',
  'gate.admitted',
  'gate.refused',
  'seat.promoted',
  'seat.demoted',
];
const AT_ONCE = 3;
/** From reading policy to the entry of the decision, at the most. */
const DECIDED_WITHIN_MS = 30_000;
const MAX_NAMED = 100;

export type ChallengeOutcome = Comparison['verdict'] | 'explained' | 'not_known';

export interface Challenged extends Omit<Comparison, 'verdict'> {
  readonly id: string;
  readonly at: Date;
  readonly kind: string;
  readonly room: string | null;
  readonly identity: string | null;
  readonly outcome: ChallengeOutcome;
}

/** Decides random entries again, from policy as the log has it. */
@Injectable()
export class ChallengeService {
  constructor(
    private readonly searches: SearchPool,
    private readonly entries: RandomEntries,
    private readonly past: PastPolicyReader,
    private readonly ledger: LedgerService,
  ) {}

  async run(actor: Actor, { n, from, to }: ChallengeBody) {
    const rooms = actor.roomsFor('ledger.read')?.map(likeOfPattern) ?? null;
    const query = { kinds: DECIDED, from: from ?? null, to: to ?? null, rooms, n };
    const data = await this.searches.inTurn(actor, () => this.challengeRandom(query));
    const counts = countsOf(data);
    const deviations = data.filter(({ outcome }) => outcome === 'deviates').map(({ id }) => id);
    const written = await this.ledger.appendDurably({
      kind: 'ledger.challenged',
      outcome: 'ok',
      actor,
      payload: {
        asked: n,
        from: from ?? null,
        to: to ?? null,
        ...counts,
        deviations: deviations.slice(0, MAX_NAMED),
      },
    });
    return { data, counts, entryId: ledgerId(written) };
  }

  private async challengeRandom(query: RandomQuery): Promise<Challenged[]> {
    const drawn = await this.entries.draw(query);
    const data: Challenged[] = [];
    await inParallel(drawn, AT_ONCE, async (entry) => {
      data.push(await this.challenge(entry));
    });
    return data.sort((a, b) => a.at.getTime() - b.at.getTime());
  }

  private async challenge(entry: DecidedEntry): Promise<Challenged> {
    const { id, at, kind, room, identity } = entry;
    const common = { id, at, kind, room, identity };
    const nothing = { then: NOTHING, again: NOTHING };
    if (room === null || identity === null) {
      const text =
        identity === null
          ? 'What the entry says of a person was erased, so it cannot be decided again.'
          : 'The token is for no room: no policy of a room decided it.';
      const outcome = identity === null ? 'not_known' : 'not_decided_by_policy';
      return { ...common, ...nothing, outcome, text };
    }
    const past = await this.past.decide(questionOf(entry, room, identity));
    const { verdict, ...comparison } = compare(entry, past);
    if (verdict !== 'deviates') return { ...common, ...comparison, outcome: verdict };
    const why = await this.whyDeviating(entry, past);
    return why
      ? { ...common, ...comparison, outcome: 'explained', text: `${comparison.text} ${why}` }
      : { ...common, ...comparison, outcome: 'deviates' };
  }

  /** A sentence, where the log itself tells why; null: it does not. */
  private async whyDeviating(entry: DecidedEntry, past: PastDecision): Promise<string | null> {
    if (past.gaps.length > 0) return past.gaps.map(({ text }) => text).join(' ');
    const { room, identity, at } = entry;
    if (room === null || identity === null) return null;
    const from = new Date(at.getTime() - DECIDED_WITHIN_MS);
    const change = await this.past.lastChange({ room, identity }, from, new Date(at.getTime() + 1));
    if (!change) return null;
    // What was read before the change agrees: the entry was written after it.
    const before = await this.past.decide({
      room,
      identity,
      at: new Date(change.at.getTime() - 1),
    });
    if (compare(entry, before).verdict !== 'agrees') return null;
    return `Policy changed while this was decided: ${change.kind} at ${change.at.toISOString()}.`;
  }
}

const NOTHING = { template: null, version: null, code: null };

/** A token says in its id when it was decided; an act is decided with what it sets itself. */
function questionOf(entry: DecidedEntry, room: string, identity: string) {
  const { at, atMicros, kind, payload } = entry;
  const jti = kind === 'token.issued' ? payload['jti'] : null;
  const decidedAt = typeof jti === 'string' ? timeOfTokenId(jti) : null;
  if (decidedAt !== null) return { room, identity, at: new Date(decidedAt) };
  const own = kind.startsWith('seat.') ? 1n : 0n;
  const beforeMicros = (BigInt(atMicros) + own).toString();
  const mayRoomBeNew = payload['createRoom'] === true && payload['code'] !== 'room.not_found';
  return { room, identity, at, beforeMicros, mayRoomBeNew };
}

function countsOf(data: readonly Challenged[]) {
  const of = (outcome: ChallengeOutcome) => data.filter((one) => one.outcome === outcome).length;
  return {
    agrees: of('agrees'),
    explained: of('explained'),
    deviates: of('deviates'),
    notDecidedByPolicy: of('not_decided_by_policy'),
    notKnown: of('not_known'),
  };
}
