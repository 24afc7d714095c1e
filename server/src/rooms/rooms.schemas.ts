import { z } from 'zod';
import {
  actorKindResponse,
  addressableText,
  cleanText,
  ignoredField,
  metadataText,
  nameText,
  readOnlyField,
  reasonText,
} from '../common/http/fields.js';
import { listQuery, searchText } from '../common/http/lists.js';
import { templateKey } from '../role-templates/role-templates.schemas.js';

const wholeNumber = (max: number) =>
  z
    .int({ error: 'must be a whole number' })
    .min(0, { message: 'must be at least 0' })
    .max(max, { message: `must be at most ${max}` });

const options = {
  title: cleanText(256).describe('The name to show, up to 256 bytes; empty: the name of the room.'),
  emptyTimeout: wholeNumber(86_400).describe(
    'Seconds that LiveKit keeps the room before anybody joins: 0 to 86,400.',
  ),
  departureTimeout: wholeNumber(86_400).describe(
    'Seconds that LiveKit keeps the room after the last participant leaves: 0 to 86,400.',
  ),
  maxParticipants: wholeNumber(100_000).describe(
    'The participant limit, which LiveKit enforces; 0: none.',
  ),
  metadata: metadataText,
  defaultTemplate: templateKey
    .nullable()
    .describe(
      'The key of the role template for people that no assignment covers; null: they get no token.',
    ),
  promoteTemplate: templateKey
    .nullable()
    .describe(
      'The key of the role template that a promotion gives when it names none; null: `speaker`.',
    ),
  unlistedParticipants: z
    .enum(['allow', 'remove'], { message: 'must be allow or remove' })
    .describe('What happens to participants whose token Rolecall did not issue.'),
};

export const listRoomsQuery = listQuery(
  [
    'name',
    'id',
    'title',
    'numParticipants',
    'liveSince',
    'isClosed',
    'maxParticipants',
    'defaultTemplate',
    'createdAt',
  ],
  {
    q: searchText.optional(),
    isClosed: z.boolean().optional().describe('Only rooms that are, or are not, closed.'),
    isLive: z.boolean().optional().describe('Only rooms that LiveKit runs, or does not run, now.'),
    name: nameText.optional().describe('Only the room with exactly this name.'),
  },
  ['name', 'ASC'],
);
export type ListRoomsQuery = z.infer<typeof listRoomsQuery>;

export const createRoomBody = z.strictObject({
  name: addressableText.describe(
    'The LiveKit room name: 1 to 256 bytes of UTF-8, any character but NUL. It cannot be changed.',
  ),
  title: options.title.default(''),
  emptyTimeout: options.emptyTimeout.default(300),
  departureTimeout: options.departureTimeout.default(20),
  maxParticipants: options.maxParticipants.default(0),
  metadata: options.metadata.default(''),
  defaultTemplate: options.defaultTemplate.default(null),
  promoteTemplate: options.promoteTemplate.default(null),
  unlistedParticipants: options.unlistedParticipants.default('allow'),
});
/** What is left out has the schema's default, or for callers inside the column's, which is the same. */
export type CreateRoomBody = Partial<z.infer<typeof createRoomBody>> & {
  name: string;
  /** Sample data; never from outside. */
  isDemo?: boolean;
};

export const updateRoomBody = z.strictObject({
  title: options.title.optional(),
  emptyTimeout: options.emptyTimeout.optional(),
  departureTimeout: options.departureTimeout.optional(),
  maxParticipants: options.maxParticipants.optional(),
  metadata: options.metadata.optional(),
  defaultTemplate: options.defaultTemplate.optional(),
  promoteTemplate: options.promoteTemplate.optional(),
  unlistedParticipants: options.unlistedParticipants.optional(),
  id: readOnlyField,
  name: readOnlyField,
  isClosed: readOnlyField,
  isDemo: readOnlyField,
  createdAt: readOnlyField,
  numParticipants: ignoredField,
  liveSince: ignoredField,
  scene: ignoredField,
  silence: ignoredField,
  updatedAt: ignoredField,
  appliesAtNextStart: ignoredField,
});
export type UpdateRoomBody = z.infer<typeof updateRoomBody>;

export const closeRoomBody = z.strictObject({ reason: reasonText.optional() });
export type CloseRoomBody = z.infer<typeof closeRoomBody>;

export const sceneRuleResponse = z.object({
  from: z
    .string()
    .describe('The key of a role template, or `*`: every one that no other rule names.'),
  to: z
    .string()
    .nullable()
    .describe(
      'The key of the role template that people have instead; null: they may send nothing.',
    ),
});

/** What the room makes of roles for a while. */
export const activeSceneResponse = z.object({
  id: z.string().nullable().describe('The id of the scene; null for a lock.'),
  name: z.string().describe('The name of the scene.'),
  rules: z.array(sceneRuleResponse).describe('What becomes of each role template.'),
  at: z.string().describe('When it was entered. ISO 8601.'),
  by: z.string().describe('Who entered it: an e-mail address, or the name of an API key.'),
  byKind: actorKindResponse.nullable(),
  reason: z.string().nullable().describe('The reason that was given; null: none.'),
});
export type ActiveSceneView = z.infer<typeof activeSceneResponse>;

const room = {
  id: z.string().describe('The same as `name`.'),
  name: z.string().describe('The LiveKit room name.'),
  ...options,
  isClosed: z.boolean().describe('A closed room gives no tokens and lets nobody in.'),
  isDemo: z.boolean().describe('Part of the sample data.'),
  numParticipants: z
    .number()
    .describe('How many participants are in the room now, as LiveKit counts them.'),
  liveSince: z
    .date()
    .nullable()
    .describe('Since when LiveKit runs the room. ISO 8601; null: it does not.'),
  silence: z
    .object({
      count: z.int().describe('How many times somebody was silenced.'),
      p50: z.number().nullable().describe('The median in milliseconds; null: never happened.'),
      p95: z
        .number()
        .nullable()
        .describe('The 95th percentile in milliseconds; null: never happened.'),
    })
    .describe('How long it took from the click until people were really silent, in the last hour.'),
  scene: activeSceneResponse.nullable().describe('The scene that is in force; null: none.'),
  createdAt: z.date().describe('When the room was added. ISO 8601.'),
  updatedAt: z.date().describe('When the room was last changed. ISO 8601.'),
};

export const roomResponse = z.object(room);

export const updatedRoomResponse = z.object({
  ...room,
  appliesAtNextStart: z
    .array(z.string())
    .optional()
    .describe('The options that the running room does not take over; left out: none.'),
});

export const closedRoomResponse = z.object({
  ...room,
  operationId: z.string().describe('The id of the operation; the ledger repeats it.'),
  outcome: z
    .enum(['applied', 'pending', 'failed'])
    .describe(
      '`applied`: LiveKit ended the room. `pending`: it is closed, and ended when LiveKit answers.',
    ),
  detail: z
    .string()
    .nullable()
    .describe('More about the outcome, as a sentence; null: nothing more.'),
});
