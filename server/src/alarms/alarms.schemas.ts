import { z } from 'zod';
import { nameText, reasonText, uuidText } from '../common/http/fields.js';
import { listQuery } from '../common/http/lists.js';
import { ALL_ALARM_KINDS } from './alarm-kinds.js';

const state = z.enum(['open', 'acknowledged', 'gone']);

export const listAlarmsQuery = listQuery(
  ['openedAt', 'seenAt', 'kind'],
  {
    state: state
      .optional()
      .describe(
        '`open`: not acknowledged, and what it is about is still there or was done; `gone`: what it is about went away before anybody acknowledged it.',
      ),
    kind: z.enum(ALL_ALARM_KINDS).optional().describe('Only this kind.'),
    room: nameText.optional().describe('Only alarms about this room.'),
    identity: nameText.optional().describe('Only alarms about this participant or user.'),
  },
  ['openedAt', 'DESC'],
);
export type ListAlarmsQuery = z.infer<typeof listAlarmsQuery>;

const kindResponse = z.enum(ALL_ALARM_KINDS).describe('The kind of the entry that it comes with.');

export const alarmResponse = z.object({
  id: uuidText.describe('The id of the alarm.'),
  kind: kindResponse,
  state: state.describe('Whether somebody still has to look at it.'),
  room: z.string().nullable().describe('The room that it is about; null: none.'),
  identity: z.string().nullable().describe('The participant or user; null: none.'),
  about: z
    .record(z.string(), z.unknown())
    .describe('What was found; which fields there are depends on `kind`.'),
  times: z.int().describe('How often it was found while the alarm stood.'),
  openedAt: z.date().describe('When it was found first. ISO 8601.'),
  seenAt: z.date().describe('When it was found last. ISO 8601.'),
  goneAt: z
    .date()
    .nullable()
    .describe('When it was gone, or what was done was acknowledged. ISO 8601; null: it is there.'),
  acknowledgedAt: z.date().nullable().describe('When somebody acknowledged it. ISO 8601.'),
  acknowledgedBy: z.string().nullable().describe('Who did, as the label was then.'),
  note: z.string().nullable().describe('What they wrote; null: nothing yet.'),
});
export type AlarmView = z.infer<typeof alarmResponse>;

export const acknowledgeAlarmsBody = z.strictObject({
  ids: z
    .array(uuidText)
    .min(1, { message: 'must have an id' })
    .max(200, { message: 'must be at most 200' })
    .describe('The ids of the alarms: 1 to 200.'),
  note: reasonText.default('').describe('What was found out, for the ledger: up to 1,000 bytes.'),
});
export type AcknowledgeAlarmsBody = z.infer<typeof acknowledgeAlarmsBody>;

export const acknowledgedResponse = z.object({
  acknowledged: z
    .int()
    .describe('How many were open and are acknowledged now; the others are left as they were.'),
});

export const openAlarmsResponse = z.object({
  open: z.int().describe('How many alarms are open.'),
  oldestAt: z.date().nullable().describe('When the oldest of them was raised. ISO 8601.'),
  kinds: z
    .array(z.object({ kind: kindResponse, count: z.int().describe('How many are open.') }))
    .describe('How many of each kind.'),
});
