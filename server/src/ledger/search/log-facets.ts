import { Injectable } from '@nestjs/common';
import { groupOfKind, type MatchField, withoutField } from '../query/index.js';
import { ACTOR, type LogSearch, ORIGIN, TEMPLATE } from './conditions.js';
import { countedBy } from './countable.js';
import { EntryScan, type ScanColumn, type ScanPlan, type Span } from './entry-scan.js';
import { type CountedStretch, LedgerCounts } from './ledger-counts.js';
import { keyOfPath, pathOf } from './path.js';
import { spanOf } from './span.js';

/** Fields whose values can be counted, with where an entry has the value. */
const COLUMNS = {
  outcome: 'outcome',
  kind: 'kind',
  group: 'kind',
  actor: ACTOR,
  actorKind: 'actor_kind',
  room: 'room',
  identity: 'identity',
  template: TEMPLATE,
  via: ORIGIN,
  ip: 'ip',
} as const satisfies Record<string, string>;
export type CountableField = keyof typeof COLUMNS;

export interface FacetCounts {
  readonly field: CountableField;
  readonly basis: 'exact' | 'estimate';
  /** The most frequent first. `label`: the newest name, where there is another than the value. */
  readonly values: readonly { value: string; label: string | null; count: number }[];
  readonly hasMore: boolean;
}

export interface FacetsAnswer {
  readonly total: number;
  readonly basis: 'exact' | 'estimate';
  readonly looked: number;
  readonly data: readonly FacetCounts[];
}

interface ValueRow {
  field: string;
  value: string | null;
  label: string | null;
  entries: number;
}

/** Fields that are read along the same path, each with the search without what it asks of it. */
interface Group {
  readonly plan: ScanPlan;
  readonly fields: readonly { readonly field: CountableField; readonly search: LogSearch }[];
}

/** Counts the values of fields, each without what the search asks of that very field. */
@Injectable()
export class LogFacets {
  constructor(
    private readonly scan: EntryScan,
    private readonly counts: LedgerCounts,
  ) {}

  async read(
    search: LogSearch,
    fields: readonly CountableField[],
    top: number,
    now: Date,
  ): Promise<FacetsAnswer> {
    const span = await spanOf(search, this.counts, now);
    const stretches = await this.countedStretches(search, span);
    const known = fields.flatMap((field) => this.counted(field, search, stretches, top) ?? []);
    const isKnown = (field: CountableField) => known.some((one) => one.field === field);
    const rest = fields.filter((field) => !isKnown(field));
    const counted = stretches && countedBy(search);
    const groups = await this.groupsOf(search, rest, span, !counted);
    const scanned = await Promise.all(groups.map((group) => this.scanned(group, search, top)));
    const own = scanned.find(({ total }) => total !== null);
    const all = [...known, ...scanned.flatMap((one) => one.facets)];
    return {
      total: counted ? sumOf(stretches.filter(counted)) : Math.round(own?.total ?? 0),
      basis: counted ? 'exact' : (own?.basis ?? 'exact'),
      looked: scanned.reduce((sum, { looked }) => sum + looked, 0),
      data: fields.map((field) => all.find((one) => one.field === field) as FacetCounts),
    };
  }

  /** Null: the counts do not know it all. */
  private async countedStretches(search: LogSearch, { from, to }: Span) {
    const isAsked = (['kind', 'outcome'] as const).some((field) =>
      countedBy({ ...search, query: withoutField(search.query, field) }),
    );
    if (!isAsked || search.rooms !== null) return null;
    // What is not limited begins and ends with the log.
    const first = search.from ?? new Date(Math.floor(from.getTime() / DAY_MS) * DAY_MS);
    const last = search.to ?? new Date(Math.ceil(to.getTime() / DAY_MS + 1) * DAY_MS);
    const isAligned = LedgerCounts.isEdge(first) && LedgerCounts.isEdge(last);
    if (!isAligned || first >= last) return null;
    return this.counts.read({ edges: [first, last], kinds: null, isByKind: true });
  }

  private counted(
    field: CountableField,
    search: LogSearch,
    stretches: readonly CountedStretch[] | null,
    top: number,
  ): FacetCounts | null {
    if (!stretches || (field !== 'kind' && field !== 'outcome' && field !== 'group')) return null;
    const matches = countedBy(withoutOwn(search, field));
    if (!matches) return null;
    const sums = new Map<string, number>();
    for (const one of stretches.filter(matches)) {
      const value = field === 'group' ? groupOfKind(one.kind) : one[field];
      if (value !== null) sums.set(value, (sums.get(value) ?? 0) + one.entries);
    }
    return facetOf(field, 'exact', sums, new Map(), top);
  }

  private async groupsOf(
    search: LogSearch,
    fields: readonly CountableField[],
    span: Span,
    isTotalAsked: boolean,
  ): Promise<Group[]> {
    const plans = new Map<string, Promise<ScanPlan>>();
    const members = new Map<string, { field: CountableField; search: LogSearch }[]>();
    if (isTotalAsked) plans.set(keyOfPath(pathOf(search)), this.scan.plan(search, span));
    for (const field of fields) {
      const without = withoutOwn(search, field);
      const key = keyOfPath(pathOf(without));
      plans.set(key, plans.get(key) ?? this.scan.plan(without, span));
      members.set(key, [...(members.get(key) ?? []), { field, search: without }]);
    }
    return Promise.all(
      [...plans].map(async ([key, plan]) => ({
        plan: await plan,
        fields: members.get(key) ?? [],
      })),
    );
  }

  private async scanned({ plan, fields }: Group, search: LogSearch, top: number) {
    const isOwnPath = keyOfPath(pathOf(search)) === keyOfPath(pathOf(plan.search));
    const searches = [
      ...new Set([...(isOwnPath ? [search] : []), ...fields.map((one) => one.search)]),
    ];
    const flagOf = (one: LogSearch) => `is_match_${searches.indexOf(one)}`;
    const columns: ScanColumn[] = fields.map(({ field }) => ({
      name: `f_${field}`,
      sql: COLUMNS[field],
    }));
    const isActor = fields.some(({ field }) => field === 'actor');
    if (isActor) columns.push({ name: 'label', sql: 'actor_label' });
    const rows = await this.scan.read<ValueRow>(plan, searches, columns, (parameter) => {
      // Groups are made of kinds, so all of these are needed.
      const most = (field: string) => (field === 'group' ? 1_000 : parameter(top + 1));
      const valuesOf = ({ field, search: own }: Group['fields'][number]) =>
        `(SELECT '${field}' AS field, f_${field}::text AS value,
            ${field === 'actor' ? 'max(label)' : 'NULL'}::text AS label, sum(weight) AS entries
          FROM scanned WHERE ${flagOf(own)} AND f_${field} IS NOT NULL
          GROUP BY 2 ORDER BY 4 DESC, 2 LIMIT ${most(field)})`;
      const total = isOwnPath ? `sum(weight) FILTER (WHERE ${flagOf(search)})` : 'NULL::float8';
      return [
        ...fields.map(valuesOf),
        // Names for all of them: where no field is read along this path, it is the first one.
        `SELECT 'total' AS field, NULL AS value, NULL AS label, ${total} AS entries FROM scanned`,
        `SELECT 'looked', NULL, NULL, count(*) FILTER (WHERE is_readable) FROM scanned`,
      ].join(' UNION ALL ');
    });
    const basis = plan.isExact ? ('exact' as const) : ('estimate' as const);
    const numberOf = (field: string) => rows.find((row) => row.field === field)?.entries ?? 0;
    return {
      total: isOwnPath ? numberOf('total') : null,
      basis,
      looked: numberOf('looked'),
      facets: fields.map(({ field }) => {
        const sums = new Map<string, number>();
        const labels = new Map<string, string>();
        for (const row of rows) {
          if (row.field !== field || row.value === null) continue;
          const value = field === 'group' ? groupOfKind(row.value) : row.value;
          if (value === null) continue;
          sums.set(value, (sums.get(value) ?? 0) + row.entries);
          if (row.label !== null) labels.set(value, row.label);
        }
        return facetOf(field, basis, sums, labels, top);
      }),
    };
  }
}

const DAY_MS = 86_400_000;

function withoutOwn(search: LogSearch, field: CountableField): LogSearch {
  const own: MatchField = field === 'group' ? 'kind' : field;
  if (!search.query.fields[own]) return search;
  return { ...search, query: withoutField(search.query, own) };
}

function facetOf(
  field: CountableField,
  basis: 'exact' | 'estimate',
  sums: ReadonlyMap<string, number>,
  labels: ReadonlyMap<string, string>,
  top: number,
): FacetCounts {
  const values = [...sums]
    .map(([value, count]) => ({
      value,
      label: labels.get(value) ?? null,
      count: Math.round(count),
    }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
  return { field, basis, values: values.slice(0, top), hasMore: values.length > top };
}

function sumOf(stretches: readonly CountedStretch[]): number {
  return stretches.reduce((sum, { entries }) => sum + entries, 0);
}
