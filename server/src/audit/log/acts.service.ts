import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { SearchPool } from '../../database/search-pool.js';
import type { EntryView } from '../../ledger/entry-view.js';
import { groupOfKind } from '../../ledger/query/index.js';
import { EntrySearch } from '../../ledger/search/entry-search.js';
import { OperationEntries } from '../../ledger/search/operation-entries.js';
import { foldActs, type FoldedAct, stepOf } from './fold-acts.js';
import type { Act, ActsQuery } from './log.schemas.js';
import { LogSearches } from './log-searches.js';
import { type KnownNames, Names } from './names.js';

const MAX_STEPS = 20;

/** The role that an entry is about, or one of its states. */
interface RoleState {
  readonly template: string | null;
  readonly version: number | null;
}

/** The log with one row for each act, and with names. */
@Injectable()
export class ActsService {
  constructor(
    private readonly pool: SearchPool,
    private readonly searches: LogSearches,
    private readonly entries: EntrySearch,
    private readonly operations: OperationEntries,
    private readonly names: Names,
  ) {}

  /** `limit` is how many entries are read: they are fewer acts. */
  async page(actor: Actor, { query, zone, cursor, limit }: ActsQuery) {
    const { page, others } = await this.pool.inTurn(actor, async () => {
      const search = await this.searches.of(actor, { query: query.query, zone });
      const page = await this.entries.page(search, { cursor, limit });
      return { page, others: await this.operations.of(search, page.data) };
    });
    const acts = foldActs(page.data, others, cursor === null);
    const names = await this.names.lookUp({
      identities: acts.map(({ entry }) => entry.identity),
      actors: acts.map(({ entry }) => entry.actor),
      templates: acts.flatMap(({ entry }) =>
        [roleOf(entry), roleBefore(entry)].map((one) => one.template),
      ),
    });
    return {
      data: acts.map((act) => toAct(act, names)),
      pageInfo: page.pageInfo,
      searched: page.searched,
    };
  }
}

function toAct(act: FoldedAct, names: KnownNames): Act {
  const { entry, entries, kind, outcome, operationId, repeated } = act;
  const first = entries[0] as EntryView;
  const last = entries.at(-1) as EntryView;
  const role = roleOf(entry);
  const before = roleBefore(entry);
  return {
    id: first.id,
    at: last.at,
    startedAt: first.at,
    kind,
    group: groupOfKind(kind),
    outcome,
    operationId,
    entry,
    steps: entries.slice(-MAX_STEPS).map((step) => ({
      id: step.id,
      at: step.at,
      ms: step.at.getTime() - first.at.getTime(),
      kind: step.kind,
      outcome: step.outcome,
      step: stepOf(step),
    })),
    repeated,
    people: {
      actor: names.actor(entry.actor, entry.erased.includes('actor')),
      subject: names.subject(entry.identity),
    },
    role: names.role(role.template, role.version),
    before: names.role(before.template, before.version),
  };
}

/** As the sentence of an entry names it: its own, what it became, or what it was. */
export function roleOf({ payload }: Pick<EntryView, 'payload'>): RoleState {
  const states = [payload, payload['after'], payload['before']].map(stateOf);
  return states.find(({ template }) => template !== null) ?? NO_ROLE;
}

function roleBefore({ payload }: EntryView): RoleState {
  return stateOf(payload['before']);
}

const NO_ROLE: RoleState = { template: null, version: null };

function stateOf(state: unknown): RoleState {
  if (typeof state !== 'object' || state === null) return NO_ROLE;
  const { template, version } = state as Record<string, unknown>;
  if (typeof template !== 'string') return NO_ROLE;
  return { template, version: typeof version === 'number' ? version : null };
}
