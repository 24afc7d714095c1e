import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { HeldAssignments } from '../../assignments/held-assignments.js';
import { likeOfPattern } from '../../database/like-of-pattern.js';
import { exceeds } from '../../grants/ceiling.js';
import { exactPattern, patternContains } from '../../grants/pattern.js';
import { type AnomalyFound, AnomalyReader } from '../../ledger/anomalies/anomaly-reader.js';
import { TemplateNames } from '../../role-templates/template-names.js';

export interface UnusedRole extends AnomalyFound {
  /** The widest role that they used and that gives less; null: none. */
  readonly proposed: string | null;
}

const DAYS_MS = 30 * 86_400_000;
/** More assignments than this are not looked at; the oldest are first. */
const MAX_ASSIGNMENTS = 1_000;

/** Least privilege: who was given more than they used. */
@Injectable()
export class UnusedRoles {
  constructor(
    private readonly assignments: HeldAssignments,
    private readonly reader: AnomalyReader,
    private readonly templates: TemplateNames,
  ) {}

  async find(actor: Actor, now: Date): Promise<{ rows: UnusedRole[]; isPartial: boolean }> {
    const since = new Date(now.getTime() - DAYS_MS);
    const held = await this.assignments.listBefore(since, MAX_ASSIGNMENTS + 1);
    const limit = actor.roomsFor('ledger.read');
    const readable = held.slice(0, MAX_ASSIGNMENTS).filter(({ scope, isPattern }) => {
      if (limit === null) return true;
      return (
        scope !== null &&
        limit.some((mine) => patternContains(mine, isPattern ? scope : exactPattern(scope)))
      );
    });
    const used = await this.reader.templatesUsed(
      [...new Set(readable.map(({ identity }) => identity))],
      { since, rooms: limit?.map(likeOfPattern) ?? null },
    );
    const unused = readable.filter(
      ({ identity, template }) => !(used.get(identity) ?? []).includes(template),
    );
    const keys = unused.flatMap(({ identity, template }) => [
      template,
      ...(used.get(identity) ?? []),
    ]);
    const grants = await this.templates.grantsOf([...new Set(keys)]);
    const rows = unused.map((one): UnusedRole => {
      const their = used.get(one.identity) ?? [];
      const most = grants.get(one.template);
      const narrower = their.filter((key) => {
        const less = grants.get(key);
        return most && less && exceeds(less, most).length === 0 && exceeds(most, less).length > 0;
      });
      const widest = narrower.find((key) =>
        narrower.every((other) => {
          const [wide, narrow] = [grants.get(key), grants.get(other)];
          return wide && narrow && exceeds(narrow, wide).length === 0;
        }),
      );
      return {
        key: one.id,
        at: one.since,
        room: one.scope,
        identity: one.identity,
        actor: null,
        template: one.template,
        parts: { used: [...their] },
        count: 0,
        entries: [],
        proposed: widest ?? narrower[0] ?? null,
      };
    });
    return { rows, isPartial: held.length > MAX_ASSIGNMENTS };
  }
}
