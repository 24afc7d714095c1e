import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { DatabaseClock } from '../../database/database-clock.js';
import { likeOfPattern } from '../../database/like-of-pattern.js';
import { SearchPool } from '../../database/search-pool.js';
import { type AnomalyFound, AnomalyReader } from '../../ledger/anomalies/anomaly-reader.js';
import { Names } from '../log/names.js';
import {
  ANOMALY_NAMES,
  type AnomaliesQuery,
  type AnomalyName,
  type AnomalyRow,
  type AnomalyRowsQuery,
} from './anomalies.schemas.js';
import { ANOMALIES, eachOnce, queryOf } from './catalogue.js';
import { type UnusedRole, UnusedRoles } from './unused-roles.js';

const COUNTED = 1_000;
const DAY_MS = 86_400_000;
const KEPT_MS = 60_000;
const MAX_KEPT = 200;

interface Counted {
  readonly at: Date;
  readonly data: Promise<Awaited<ReturnType<AnomaliesService['countAll']>>>;
}

/** What stands out in the log: each view with its count, and with its rows. */
@Injectable()
export class AnomaliesService {
  /** Counts of the last minute, by what their reader may see. */
  private readonly counted = new Map<string, Counted>();

  constructor(
    private readonly searches: SearchPool,
    private readonly reader: AnomalyReader,
    private readonly unused: UnusedRoles,
    private readonly names: Names,
    private readonly clock: DatabaseClock,
  ) {}

  async counts(actor: Actor, { days }: AnomaliesQuery) {
    const key = JSON.stringify([days, actor.roomsFor('ledger.read')]);
    const now = this.clock.now();
    const known = this.counted.get(key);
    if (known && now.getTime() - known.at.getTime() < KEPT_MS) {
      return { data: await known.data, countedAt: known.at };
    }
    if (this.counted.size >= MAX_KEPT) this.counted.clear();
    const data = this.searches.inTurn(actor, () => this.countAll(actor, days, now));
    this.counted.set(key, { at: now, data });
    data.catch(() => this.counted.delete(key));
    return { data: await data, countedAt: now };
  }

  async rows(actor: Actor, name: AnomalyName, { days, limit, cursor }: AnomalyRowsQuery) {
    const now = this.clock.now();
    const [summary, found] = await this.searches.inTurn(actor, () =>
      Promise.all([
        this.summary(actor, name, days, now),
        this.page(actor, name, { days, limit: limit + 1, cursor }, now),
      ]),
    );
    const page = found.slice(0, limit);
    const names = await this.names.lookUp({
      identities: page.map(({ identity }) => identity),
      actors: page.flatMap(({ actor: one }) => one ?? []),
      templates: page.flatMap((one) => [one.template, proposedIn(one)]),
    });
    const data = page.map((one): AnomalyRow => {
      const by = one.actor && names.actor(one.actor, false);
      const subject = names.subject(one.identity);
      const role = names.role(one.template);
      return {
        id: one.key,
        at: one.at,
        text: ANOMALIES[name].text(one, {
          actor: by?.name ?? 'Somebody',
          subject: subject?.name ?? 'Somebody',
          role: role?.name ?? 'a role',
        }),
        parts: partsOf(one),
        room: one.room,
        identity: one.identity,
        people: { actor: by, subject },
        role,
        proposed: names.role(proposedIn(one)),
        count: one.count,
        entries: [...one.entries],
        query: queryOf(name, one),
      };
    });
    return {
      ...summary,
      data,
      pageInfo: {
        next: found.length > limit ? String(cursor + limit) : null,
        prev: cursor > 0 ? String(Math.max(0, cursor - limit)) : null,
      },
    };
  }

  private async countAll(actor: Actor, days: number, now: Date) {
    const all = [];
    for (const name of ANOMALY_NAMES) all.push(await this.summary(actor, name, days, now));
    return all;
  }

  private async summary(actor: Actor, name: AnomalyName, days: number, now: Date) {
    const { title, what, query } = ANOMALIES[name];
    if (name === 'more-than-used') {
      const { rows, isPartial } = await this.unused.find(actor, now);
      const since = new Date(now.getTime() - 30 * DAY_MS);
      return { name, title, what, count: rows.length, isMore: false, isPartial, since, query };
    }
    const { since, isPartial } = await this.boundOf(days, now);
    const rooms = roomsOf(actor);
    const n = await this.reader.count(name, { since, rooms }, COUNTED + 1);
    const count = Math.min(n, COUNTED);
    const search = query && `${query} since:${since.toISOString()}`;
    return { name, title, what, count, isMore: n > COUNTED, isPartial, since, query: search };
  }

  private async page(
    actor: Actor,
    name: AnomalyName,
    { days, limit, cursor }: AnomalyRowsQuery,
    now: Date,
  ): Promise<(AnomalyFound | UnusedRole)[]> {
    if (name === 'more-than-used') {
      const { rows } = await this.unused.find(actor, now);
      return rows.slice(cursor, cursor + limit);
    }
    const { since } = await this.boundOf(days, now);
    return this.reader.list(name, { since, rooms: roomsOf(actor) }, limit, cursor);
  }

  private boundOf(days: number, now: Date) {
    return this.reader.boundFor(new Date(now.getTime() - days * DAY_MS));
  }
}

function roomsOf(actor: Actor): string[] | null {
  return actor.roomsFor('ledger.read')?.map(likeOfPattern) ?? null;
}

function partsOf({ parts }: AnomalyFound): AnomalyRow['parts'] {
  return parts.addresses ? { ...parts, addresses: eachOnce(parts.addresses) } : parts;
}

function proposedIn(found: AnomalyFound | UnusedRole): string | null {
  return 'proposed' in found ? found.proposed : null;
}
