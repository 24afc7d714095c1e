import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { Alarms } from '../../alarms/alarms.service.js';
import { AssignmentsService } from '../../assignments/assignments.service.js';
import { KeptTargets } from '../../bulk/kept-targets.js';
import { likeOfPattern } from '../../database/like-of-pattern.js';
import type { PersonRecord } from '../../ledger/export/person-export.js';
import { KeptSeats } from '../../seats/public/seats.js';
import { KeptRequests } from '../../stage/kept-requests.js';
import { KeptUsers } from '../../users/kept-users.js';

const PAGE = 200;
/** Rows of one sort in the rooms of a page of seats. */
const MAX_OF_ROOMS = 5_000;

/** What is kept of a person beside the log, as far as `actor` may see it. */
@Injectable()
export class PersonRecords {
  constructor(
    private readonly users: KeptUsers,
    private readonly assignments: AssignmentsService,
    private readonly seats: KeptSeats,
    private readonly requests: KeptRequests,
    private readonly targets: KeptTargets,
    private readonly alarms: Alarms,
  ) {}

  async *of(
    actor: Actor,
    identity: string,
    rooms: readonly (readonly string[])[],
  ): AsyncGenerator<PersonRecord> {
    const user = await this.users.find(identity);
    if (user && actor.can('user.read')) yield { record: 'user', data: { ...user } };
    if (user && actor.can('assignment.read')) yield* this.assignmentsOf(actor, user.id);
    yield* this.inRooms(
      identity,
      rooms.map((patterns) => patterns.map(likeOfPattern)),
    );
    yield* this.alarmsAbout(actor, identity);
  }

  private async *assignmentsOf(actor: Actor, user: string): AsyncGenerator<PersonRecord> {
    for (let from = 0; ; from += PAGE) {
      const { rows } = await this.assignments.list(actor, {
        filter: { user },
        sort: ['id', 'ASC'],
        range: [from, from + PAGE - 1],
      });
      for (const { subjectLabel: _, createdBy: _by, createdByKind: _kind, ...data } of rows) {
        yield { record: 'assignment', data };
      }
      if (rows.length < PAGE) return;
    }
  }

  private async *inRooms(
    identity: string,
    rooms: readonly (readonly string[])[],
  ): AsyncGenerator<PersonRecord> {
    for (let after = ''; ;) {
      const seats = await this.seats.list(identity, rooms, after, PAGE);
      const names = seats.map(({ room }) => room);
      const [operations, requests, targets] = await Promise.all([
        this.seats.listOperations(identity, names, MAX_OF_ROOMS),
        this.requests.list(identity, names, MAX_OF_ROOMS),
        this.targets.list(identity, names, MAX_OF_ROOMS),
      ]);
      for (const data of seats) yield { record: 'seat', data };
      for (const data of operations) yield { record: 'operation', data };
      for (const data of requests) yield { record: 'stage_request', data };
      for (const data of targets) yield { record: 'bulk_target', data };
      if (seats.length < PAGE) return;
      after = names.at(-1) as string;
    }
  }

  private async *alarmsAbout(actor: Actor, identity: string): AsyncGenerator<PersonRecord> {
    for (let from = 0; ; from += PAGE) {
      const { rows } = await this.alarms.list(actor, {
        filter: { identity },
        sort: ['openedAt', 'ASC'],
        range: [from, from + PAGE - 1],
      });
      for (const { acknowledgedBy: _, ...data } of rows) yield { record: 'alarm', data };
      if (rows.length < PAGE) return;
    }
  }
}
