import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { DatabaseClock } from '../../database/database-clock.js';
import { SearchPool } from '../../database/search-pool.js';
import {
  type LogQuery,
  type MatchField,
  OUTCOME_WORDS,
  withValue,
} from '../../ledger/query/index.js';
import { type FacetCounts, LogFacets } from '../../ledger/search/log-facets.js';
import { LogHistogram } from '../../ledger/search/log-histogram.js';
import type { FacetField, Facets, FacetsQuery, Histogram, HistogramQuery } from './log.schemas.js';
import { LogSearches } from './log-searches.js';
import { type KnownNames, Names } from './names.js';

/** Numbers about what a search finds. */
@Injectable()
export class LogFigures {
  constructor(
    private readonly pool: SearchPool,
    private readonly searches: LogSearches,
    private readonly log: LogFacets,
    private readonly bars: LogHistogram,
    private readonly names: Names,
    private readonly clock: DatabaseClock,
  ) {}

  async facets(
    actor: Actor,
    { query, zone, fields, from, to, of, top }: FacetsQuery,
  ): Promise<Facets> {
    const asked = of === 'acts' ? withoutRequests(query.query) : query.query;
    const { data, ...figures } = await this.pool.inTurn(actor, async () => {
      const search = await this.searches.of(actor, { query: asked, zone, from, to });
      return this.log.read(search, fields, top, this.clock.now());
    });
    const names = await this.namesIn(data);
    return {
      ...figures,
      data: data.map(({ field, basis, values, hasMore }) => ({
        field,
        basis,
        values: values.map(({ value, label, count }) => ({
          value,
          label: labelOf(field, value, label, names),
          count,
          isChosen: isChosen(query.query, field, value),
        })),
        hasMore,
      })),
    };
  }

  async histogram(
    actor: Actor,
    { query, zone, from, to, buckets }: HistogramQuery,
  ): Promise<Histogram> {
    const bars = await this.pool.inTurn(actor, async () => {
      const search = await this.searches.of(actor, { query: query.query, zone, from, to });
      return this.bars.read(search, buckets, zone, this.clock.now());
    });
    return { zone, ...bars, buckets: [...bars.buckets] };
  }

  private namesIn(facets: readonly FacetCounts[]): Promise<KnownNames> {
    const valuesOf = (field: FacetField) =>
      facets
        .filter((one) => one.field === field)
        .flatMap(({ values }) => values.map(({ value }) => value));
    return this.names.lookUp({
      identities: valuesOf('identity'),
      // A value does not say which of them it is; ids of one are none of the other.
      actors: valuesOf('actor').flatMap((id) => [
        { kind: 'operator' as const, id },
        { kind: 'api_key' as const, id },
      ]),
      templates: valuesOf('template'),
    });
  }
}

function labelOf(
  field: FacetField,
  value: string,
  label: string | null,
  names: KnownNames,
): string {
  switch (field) {
    case 'identity':
      return names.subject(value)?.name ?? value;
    case 'template':
      return names.role(value)?.name ?? value;
    case 'actor': {
      const as = (kind: 'operator' | 'api_key') =>
        names.actor({ kind, id: value, label: '' }, false)?.name || null;
      return as('operator') ?? as('api_key') ?? label ?? value;
    }
    default:
      return value;
  }
}

/** The entry that asks for an act is not counted beside what came of it, unless it is asked for. */
function withoutRequests(query: LogQuery): LogQuery {
  const intent = { text: 'intent', isPattern: false };
  const isAsked = query.fields.outcome?.any.some(({ text }) =>
    OUTCOME_WORDS[text]?.includes(intent.text),
  );
  return isAsked ? query : withValue(query, 'outcome', intent, 'none');
}

function isChosen({ fields }: LogQuery, field: FacetField, value: string): boolean {
  const own: MatchField = field === 'group' ? 'kind' : field;
  return (fields[own]?.any ?? []).some(
    ({ text, isPattern }) =>
      !isPattern &&
      (text === value || (field === 'outcome' && (OUTCOME_WORDS[text] ?? []).includes(value))),
  );
}
