import { z } from 'zod';
import {
  actorKindResponse,
  cleanText,
  nameText,
  reasonText,
  uuidText,
} from '../common/http/fields.js';
import { listQuery, searchText } from '../common/http/lists.js';
import { activeSceneResponse, sceneRuleResponse } from '../rooms/rooms.schemas.js';
import { templateKey } from '../role-templates/role-templates.schemas.js';

const MAX_RULES = 100;

const rule = z.strictObject({
  /** A template, or `*`: every one that no other rule names. */
  from: z.union([z.literal('*'), templateKey], { error: 'must be a template, or *' }),
  /** Null: silent. The same template: keeps it. */
  to: templateKey.nullable(),
});

const rules = z
  .array(rule)
  .min(1, { message: 'must have a rule' })
  .max(MAX_RULES, { message: `must be at most ${MAX_RULES}` })
  .superRefine((list, context) => {
    const seen = new Set<string>();
    for (const { from } of list) {
      if (seen.has(from)) {
        context.addIssue({ code: 'custom', message: `has more than one rule for ${from}` });
      }
      seen.add(from);
    }
  });

const name = cleanText(100).refine((text) => text.trim().length > 0, {
  message: 'must not be empty',
});

export const createSceneBody = z.strictObject({
  /** Null: for every room. */
  room: nameText.nullable().default(null),
  name,
  description: cleanText(1_000).default(''),
  rules,
});
export type CreateSceneBody = z.infer<typeof createSceneBody>;

export const updateSceneBody = z.strictObject({
  name: name.optional(),
  description: cleanText(1_000).optional(),
  rules: rules.optional(),
  // Clients send whole records back; these may come along unchanged.
  id: z.unknown().optional(),
  room: z.unknown().optional(),
  isBuiltIn: z.unknown().optional(),
  createdBy: z.unknown().optional(),
  createdByKind: z.unknown().optional(),
  createdAt: z.unknown().optional(),
  updatedAt: z.unknown().optional(),
});
export type UpdateSceneBody = z.infer<typeof updateSceneBody>;

export const listScenesQuery = listQuery(
  ['name', 'id', 'room', 'createdAt', 'updatedAt'],
  {
    q: searchText.optional(),
    /** Those that can be entered in the room: its own, and those for every room. */
    room: nameText.optional(),
    isBuiltIn: z.boolean().optional(),
  },
  ['name', 'ASC'],
);
export type ListScenesQuery = z.infer<typeof listScenesQuery>;

export const sceneResponse = z.object({
  id: z.string(),
  room: z.string().nullable(),
  name: z.string(),
  description: z.string(),
  rules: z.array(sceneRuleResponse),
  isBuiltIn: z.boolean(),
  createdBy: z.string(),
  createdByKind: actorKindResponse.nullable(),
  createdAt: z.date().nullable(),
  updatedAt: z.date().nullable(),
});

export const enterSceneBody = z
  .strictObject({
    scene: uuidText.optional(),
    /** Nobody but these may publish or send data. */
    lock: z.strictObject({ keep: z.array(templateKey).max(MAX_RULES).optional() }).optional(),
    reason: reasonText.optional(),
  })
  .superRefine((body, context) => {
    if ((body.scene === undefined) === (body.lock === undefined)) {
      context.addIssue({
        code: 'custom',
        path: ['scene'],
        message: 'give either a scene or a lock',
      });
    }
  });
export type EnterSceneBody = z.infer<typeof enterSceneBody>;

export const leaveSceneBody = z.strictObject({ reason: reasonText.optional() });
export type LeaveSceneBody = z.infer<typeof leaveSceneBody>;

export const sceneEnteredResponse = z.object({
  operationId: z.string(),
  total: z.int(),
  scene: activeSceneResponse,
  /** Templates that were kept because they go beyond what the caller may handle. */
  kept: z.array(z.string()),
});
export type SceneEntered = z.infer<typeof sceneEnteredResponse>;
