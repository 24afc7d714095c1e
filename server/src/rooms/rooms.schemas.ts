import { z } from 'zod';
import {
  actorKindResponse,
  cleanText,
  metadataText,
  nameText,
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
  title: cleanText(256),
  emptyTimeout: wholeNumber(86_400),
  departureTimeout: wholeNumber(86_400),
  maxParticipants: wholeNumber(100_000),
  metadata: metadataText,
  defaultTemplate: templateKey.nullable(),
  promoteTemplate: templateKey.nullable(),
  unlistedParticipants: z.enum(['allow', 'remove'], { message: 'must be allow or remove' }),
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
    isClosed: z.boolean().optional(),
    isLive: z.boolean().optional(),
    name: nameText.optional(),
  },
  ['name', 'ASC'],
);
export type ListRoomsQuery = z.infer<typeof listRoomsQuery>;

export const createRoomBody = z.strictObject({
  name: nameText,
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
  // Clients send whole records back; these may come along unchanged.
  id: z.unknown().optional(),
  name: z.unknown().optional(),
  isClosed: z.unknown().optional(),
  isDemo: z.unknown().optional(),
  createdAt: z.unknown().optional(),
  // These move by themselves, so stale ones are no attempt to change them.
  numParticipants: z.unknown().optional(),
  liveSince: z.unknown().optional(),
  scene: z.unknown().optional(),
  silence: z.unknown().optional(),
  updatedAt: z.unknown().optional(),
  appliesAtNextStart: z.unknown().optional(),
});
export type UpdateRoomBody = z.infer<typeof updateRoomBody>;

export const closeRoomBody = z.strictObject({ reason: reasonText.optional() });
export type CloseRoomBody = z.infer<typeof closeRoomBody>;

export const sceneRuleResponse = z.object({ from: z.string(), to: z.string().nullable() });

/** What the room makes of roles for a while. */
export const activeSceneResponse = z.object({
  id: z.string().nullable(),
  name: z.string(),
  rules: z.array(sceneRuleResponse),
  at: z.string(),
  by: z.string(),
  byKind: actorKindResponse.nullable(),
  reason: z.string().nullable(),
});
export type ActiveSceneView = z.infer<typeof activeSceneResponse>;

const room = {
  id: z.string(),
  name: z.string(),
  ...options,
  isClosed: z.boolean(),
  isDemo: z.boolean(),
  numParticipants: z.number(),
  liveSince: z.date().nullable(),
  /** Until people were really silent, in milliseconds from the click; of the last hour. */
  silence: z.object({
    count: z.int(),
    p50: z.number().nullable(),
    p95: z.number().nullable(),
  }),
  scene: activeSceneResponse.nullable(),
  createdAt: z.date(),
  updatedAt: z.date(),
};

export const roomResponse = z.object(room);

export const updatedRoomResponse = z.object({
  ...room,
  /** Options that the running room does not take over. */
  appliesAtNextStart: z.array(z.string()).optional(),
});

export const closedRoomResponse = z.object({
  ...room,
  operationId: z.string(),
  outcome: z.enum(['applied', 'pending', 'failed']),
  detail: z.string().nullable(),
});
