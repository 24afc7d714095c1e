import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { PersonExport } from '../../ledger/export/person-export.js';
import { PersonRecords } from './person-records.js';

/** What is never in the file. */
const NEVER = [
  'the text of tokens: Rolecall keeps their hashes only',
  'answers that are kept for a day for requests that may be repeated',
  'hashes of their name, metadata and attributes at LiveKit, kept for 30 days after they were seen',
  'what they brought to rooms that were deleted since, kept for 30 days',
  'what others wrote into notes, searches and the names of saved views',
] as const;

/** Makes the file with all that is kept of one person. */
@Injectable()
export class PersonFileService {
  constructor(
    private readonly records: PersonRecords,
    private readonly exports: PersonExport,
  ) {}

  /** Throws `person.not_found` where nothing is kept that the actor may see. */
  start(actor: Actor, identity: string, isStillAllowed: () => Promise<boolean>): Promise<Readable> {
    const limits = [actor.roomsFor('ledger.read'), actor.roomsFor('ledger.export_people')];
    if (limits.some((rooms) => rooms?.length === 0)) {
      throw new AppError('forbidden', 'access.denied', 'This also needs ledger.read.', {
        extra: { permission: 'ledger.read' },
      });
    }
    const rooms = limits.filter((patterns) => patterns !== null);
    return this.exports.start(actor, {
      identity,
      rooms,
      records: () => this.records.of(actor, identity, rooms),
      leftOut: [...NEVER, ...leftOutFor(actor, rooms)],
      isStillAllowed,
    });
  }
}

function leftOutFor(actor: Actor, rooms: readonly (readonly string[])[]): string[] {
  return [
    ...(actor.can('user.read') ? [] : ['their user record: whoever made the file may not see it']),
    ...(actor.can('assignment.read')
      ? []
      : ['their assignments: whoever made the file may not see them']),
    ...(rooms.length > 0
      ? [
          `everything about rooms other than ${[...new Set(rooms.map((one) => one.join(', ')))].join(' and also ')}`,
          'entries about no room, and who looked at what the log says of them',
        ]
      : []),
  ];
}
