import { z } from 'zod';
import { instant, nameText } from '../common/http/fields.js';
import { pageInfoResponse } from '../common/http/lists.js';
import { lineageResponse } from '../ledger/lineage.schemas.js';

export const sessionsQuery = z.strictObject({
  identity: nameText.optional().describe('Only connections of this person.'),
  limit: z.coerce.number().int().min(1).max(20).default(10).describe('How many sessions: 1 to 20.'),
  cursor: instant
    .nullable()
    .default(null)
    .describe('The `next` of an earlier answer: sessions that started before it.'),
});
export type SessionsQuery = z.infer<typeof sessionsQuery>;

export const sessionsResponse = z.object({
  data: z
    .array(
      z.object({
        id: z.string().describe('The id of the session: of the entry with which it began.'),
        roomSid: z.string().nullable().describe('LiveKit’s id of the session.'),
        startedAt: z.date().describe('When LiveKit started the room.'),
        endedAt: z.date().nullable().describe('When it finished it; null: it runs.'),
        isRunning: z.boolean().describe('LiveKit runs it, as far as is known.'),
        connections: z
          .array(
            z.object({
              identity: z.string().describe('Who.'),
              sid: z.string().nullable().describe('LiveKit’s id of the connection.'),
              joinedAt: z.date().describe('When they joined.'),
              leftAt: z.date().nullable().describe('When they left; null: not that is known.'),
              lineage: lineageResponse,
            }),
          )
          .describe('Who was there, in the order in which they came; up to 500.'),
        isPartial: z.boolean().describe('There were more connections. Ask for one `identity`.'),
      }),
    )
    .describe('The sessions of this page, newest first.'),
  pageInfo: pageInfoResponse,
});
