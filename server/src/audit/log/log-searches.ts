import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { ApiKeyNames } from '../../api-keys/api-key-names.js';
import { AppError } from '../../common/errors/app-error.js';
import { DatabaseClock } from '../../database/database-clock.js';
import type { EntryView } from '../../ledger/entry-view.js';
import { LedgerReader } from '../../ledger/ledger-reader.js';
import type { TokenLookup } from '../../ledger/ledger.schemas.js';
import { type LogQuery, timesOf } from '../../ledger/query/index.js';
import type { LogSearch, NamedActors } from '../../ledger/search/conditions.js';
import { OperatorNames } from '../../operators/operator-names.js';

export interface SearchAsked {
  readonly query: LogQuery;
  readonly zone: string;
  /** The brush: within what the query asks for. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** The moment of a token's entry and of its id may differ by the clocks. */
const CLOCKS_DIFFER_MS = 2_000;

/** Makes of a query what can be looked for: names become ids, words become times. */
@Injectable()
export class LogSearches {
  constructor(
    private readonly operators: OperatorNames,
    private readonly keys: ApiKeyNames,
    private readonly reader: LedgerReader,
    private readonly clock: DatabaseClock,
  ) {}

  async of(actor: Actor, { query, zone, from, to }: SearchAsked): Promise<LogSearch> {
    const times = timesOf(query, { now: this.clock.now(), zone });
    const [actors, token] = await Promise.all([this.actorsOf(query), this.tokenOf(actor, query)]);
    const search = {
      query,
      from: latest(times.from, from ?? null),
      to: earliest(times.to, to ?? null),
      rooms: actor.roomsFor('ledger.read'),
      actors,
      token: null,
    };
    if (token === undefined) return search;
    if (token === null) return { ...search, from: NEVER, to: NEVER };
    // Nothing is said of a token before it was made.
    const issuedAt = new Date(token.at.getTime() - CLOCKS_DIFFER_MS);
    const { identity } = token;
    return {
      ...search,
      from: latest(search.from, issuedAt),
      token: identity === null ? null : { identity, issuedAt },
    };
  }

  private async actorsOf({ fields }: LogQuery): Promise<Map<string, NamedActors>> {
    const { any = [], none = [] } = fields.actor ?? {};
    const asked = new Set(
      [...any, ...none].flatMap(({ text, isPattern }) => (isPattern ? [] : text)),
    );
    const found = await Promise.all(
      [...asked].map(async (text) => {
        const [operators, keys] = await Promise.all([
          this.operators.idsOf(text),
          this.keys.idsOf(text),
        ]);
        const isOperatorsOnly = keys.length === 0;
        return [text, { ids: [...operators, ...keys], isOperatorsOnly }] as const;
      }),
    );
    // What names neither is looked for in the labels, as they were then.
    return new Map(found.filter(([, { ids }]) => ids.length > 0));
  }

  /** Undefined: no one token is asked for, or it may be another's; null: there is none. */
  private async tokenOf(actor: Actor, { fields }: LogQuery): Promise<EntryView | null | undefined> {
    const [hash, ...hashes] = fields.hash?.any ?? [];
    if (hash && hashes.length === 0) {
      return (await this.find(actor, { tokenHash: hash.text })) ?? null;
    }
    const [jti, ...jtis] = fields.jti?.any ?? [];
    if (!jti || jtis.length > 0) return undefined;
    return this.find(actor, { jti: jti.text });
  }

  private async find(actor: Actor, lookup: TokenLookup): Promise<EntryView | undefined> {
    try {
      return await this.reader.findToken(actor, lookup);
    } catch (error) {
      if (error instanceof AppError && error.kind === 'not_found') return undefined;
      throw error;
    }
  }
}

const NEVER = new Date(0);

function latest(a: Date | null, b: Date | null): Date | null {
  return a && b ? (a > b ? a : b) : (a ?? b);
}

function earliest(a: Date | null, b: Date | null): Date | null {
  return a && b ? (a < b ? a : b) : (a ?? b);
}
