import { z } from 'zod';
import { PERMISSIONS } from '../../actor/permissions.js';
import { actorKindResponse, idParams, instant, nameText } from '../../common/http/fields.js';
import { lineageResponse } from '../../ledger/lineage.schemas.js';
import { personResponse, roleChipResponse } from '../log/log.schemas.js';

/** More than a year is asked for in parts. */
export const MAX_DAYS = 400;

export const personParams = z.strictObject({
  identity: nameText.describe('The LiveKit identity; nobody has to have added them as a user.'),
});
export const operatorParams = idParams;

export const timelineQuery = z.strictObject({
  from: instant.optional().describe('Not before this instant; left out: a week before `to`.'),
  to: instant.optional().describe('Before this instant; left out: now.'),
});
export type TimelineQuery = z.output<typeof timelineQuery>;

const segmentResponse = z.object({
  kind: z
    .enum(['present', 'role', 'held', 'blocked'])
    .describe(
      '`present`: in the room, with one role. `role`: a role that somebody gave them by hand. `held`: muted, and may not unmute. `blocked`: kept out.',
    ),
  from: z.date().describe('Since when; it may be before the time that was asked for. ISO 8601.'),
  to: z
    .date()
    .nullable()
    .describe('Until when. ISO 8601; null: it is still so, or nothing ended it.'),
  until: z.date().nullable().describe('When it was to end by itself. ISO 8601; null: never.'),
  role: roleChipResponse.nullable().describe('The role; null: none, or the log does not say.'),
  canPublish: z
    .boolean()
    .nullable()
    .describe('While present: whether they might publish; null: the log does not say.'),
  isHidden: z.boolean().describe('While present: whether nobody could see them.'),
  by: z.string().nullable().describe('Who set it; null: nobody did, or it is not known.'),
  entry: z.string().describe('The id of the entry with which it began.'),
});
export type TimelineSegment = z.output<typeof segmentResponse>;

const connectionResponse = z.object({
  sid: z.string().nullable().describe('LiveKit’s id of the connection.'),
  joinedAt: z.date().describe('When they joined. ISO 8601.'),
  leftAt: z.date().nullable().describe('When they left. ISO 8601; null: not that is known.'),
  lineage: lineageResponse,
});

const laneResponse = z.object({
  room: z.string().describe('The room.'),
  identity: z.string().describe('Who.'),
  name: z.string().describe('Their name now; the identity where they have none.'),
  segments: z.array(segmentResponse).describe('What was so, by when it began.'),
  connections: z.array(connectionResponse).describe('Their connections, oldest first.'),
});
export type TimelineLane = z.output<typeof laneResponse>;

const markResponse = z.object({
  id: z.string().describe('The id of the entry.'),
  at: z.date().describe('When. ISO 8601.'),
  kind: z.string().describe('What was decided, such as `seat.promoted`.'),
  outcome: z.string().describe('What came of it, as far as is known.'),
  room: z.string().nullable().describe('The room; null: none.'),
  identity: z.string().nullable().describe('Whom it is about; null: nobody.'),
  actor: z
    .object({
      kind: actorKindResponse,
      id: z.string().nullable().describe('The id of the operator, user or API key; null: none.'),
      name: z.string().describe('Their name, now where there still is one.'),
    })
    .describe('Who decided it.'),
});
export type TimelineMark = z.output<typeof markResponse>;

const span = {
  from: z.date().describe('Where the timeline begins. ISO 8601.'),
  to: z.date().describe('Where it ends. ISO 8601.'),
  readFrom: z
    .date()
    .describe(
      'Entries back to this instant were read: later than `from` where there are too many.',
    ),
  isPartial: z.boolean().describe('There is more than this. Ask for less time.'),
};

export const personTimelineResponse = z.object({
  ...span,
  person: personResponse,
  lanes: z.array(laneResponse).describe('A lane for each room, the last one they were in first.'),
  marks: z.array(markResponse).describe('What was decided about them, oldest first.'),
});

const stretch = z.object({
  from: z.date().describe('Since when. ISO 8601.'),
  to: z.date().nullable().describe('Until when. ISO 8601; null: it is still so.'),
  entry: z.string().describe('The id of the entry with which it began.'),
});

export const roomTimelineResponse = z.object({
  ...span,
  room: z.string().describe('The room.'),
  sessions: z.array(stretch).describe('When LiveKit ran it, oldest first.'),
  closed: z.array(stretch).describe('When it took nobody in, oldest first.'),
  scenes: z
    .array(stretch.extend({ name: z.string().nullable().describe('Its name; null: erased.') }))
    .describe('The scenes that it played, oldest first.'),
  strip: z
    .array(
      z.object({
        at: z.date().describe('Where the bar begins. ISO 8601.'),
        present: z.int().describe('How many were in the room at some time of it.'),
        publishers: z.int().describe('How many of them might publish, and could be seen.'),
        acts: z.int().describe('How many decisions.'),
        refused: z.int().describe('How many refusals and failures.'),
      }),
    )
    .describe('Who was live and what was decided, as bars of one width.'),
  lanes: z.array(laneResponse).describe('A lane for each person, who was there last first.'),
  people: z.int().describe('How many lanes there are, with those that are left out.'),
  marks: z.array(markResponse).describe('What was decided, oldest first.'),
});

const accessResponse = z.object({
  from: z.date().describe('Since when. ISO 8601.'),
  to: z.date().nullable().describe('Until when. ISO 8601; null: it is still so.'),
  isDisabled: z.boolean().describe('They could not sign in.'),
  access: z
    .array(
      z.object({
        role: z.string().describe('The key of the access role.'),
        name: z.string().describe('Its name.'),
        rooms: z
          .array(z.string())
          .nullable()
          .describe('The room patterns that it was limited to; null: all rooms.'),
        permissions: z
          .array(z.enum(Object.keys(PERMISSIONS) as [string, ...string[]]))
          .describe('What the access role allows, as this version has it.'),
      }),
    )
    .describe('What they held.'),
  by: z.string().nullable().describe('Who gave it; null: the log does not say.'),
  entry: z.string().nullable().describe('The id of the entry; null: the log does not say.'),
});

export const operatorTimelineResponse = z.object({
  ...span,
  operator: z
    .object({
      id: z.string().describe('The id of the operator.'),
      name: z.string().describe('The name now; the id where the operator is gone.'),
    })
    .describe('The operator.'),
  signedIn: z
    .array(
      z.object({
        at: z.date().describe('When. ISO 8601.'),
        entry: z.string().describe('The id of the entry.'),
      }),
    )
    .describe('When they signed in, oldest first. None for a reader with a room limit.'),
  access: z
    .array(accessResponse)
    .nullable()
    .describe('What they could do, oldest first; null: the reader has a room limit.'),
  lanes: z
    .array(
      z.object({
        room: z.string().nullable().describe('The room; null: what is about no room.'),
        count: z.int().describe('How many entries.'),
        stretches: z
          .array(
            z.object({
              from: z.date().describe('The first of them. ISO 8601.'),
              to: z.date().describe('The last of them. ISO 8601.'),
              count: z.int().describe('How many entries.'),
              refused: z.int().describe('How many of them were refused.'),
              entry: z.string().describe('The id of the first entry.'),
            }),
          )
          .describe('Entries with no more than a quarter of an hour between them, oldest first.'),
      }),
    )
    .describe('What they did, a lane for each room, the last one first.'),
});
