import { z } from 'zod';
import {
  actorKindResponse,
  cleanText,
  ignoredField,
  nameText,
  readOnlyField,
  reasonText,
  uuidText,
} from '../common/http/fields.js';
import { listQuery, searchText } from '../common/http/lists.js';
import { activeSceneResponse, sceneRuleResponse } from '../rooms/rooms.schemas.js';
import { templateKey } from '../role-templates/role-templates.schemas.js';

const MAX_RULES = 100;

const rule = z.strictObject({
  from: z
    .union([z.literal('*'), templateKey], { error: 'must be a template, or *' })
    .describe('The key of a role template, or `*`: every one that no other rule names.'),
  to: templateKey
    .nullable()
    .describe(
      'The key of the role template that people have instead; null: they may send nothing. The same key keeps the role.',
    ),
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
  room: nameText
    .nullable()
    .default(null)
    .describe('The room that the scene is for; null: for every room.'),
  name: name.describe('The name of the scene, up to 100 bytes.'),
  description: cleanText(1_000).default('').describe('What the scene is for, up to 1,000 bytes.'),
  rules: rules.describe('What becomes of each role template; one rule for each, at most 100.'),
});
export type CreateSceneBody = z.infer<typeof createSceneBody>;

export const updateSceneBody = z.strictObject({
  name: name.optional().describe('The name of the scene, up to 100 bytes.'),
  description: cleanText(1_000).optional().describe('What the scene is for, up to 1,000 bytes.'),
  rules: rules
    .optional()
    .describe('What becomes of each role template; one rule for each, at most 100.'),
  id: readOnlyField,
  room: readOnlyField,
  isBuiltIn: readOnlyField,
  createdBy: readOnlyField,
  createdByKind: readOnlyField,
  createdAt: readOnlyField,
  updatedAt: ignoredField,
});
export type UpdateSceneBody = z.infer<typeof updateSceneBody>;

export const listScenesQuery = listQuery(
  ['name', 'id', 'room', 'createdAt', 'updatedAt'],
  {
    q: searchText.optional(),
    room: nameText
      .optional()
      .describe('Only scenes that the room can use: its own, and those for every room.'),
    isBuiltIn: z.boolean().optional().describe('Only scenes that are, or are not, built in.'),
  },
  ['name', 'ASC'],
);
export type ListScenesQuery = z.infer<typeof listScenesQuery>;

export const sceneResponse = z.object({
  id: z.string().describe('The id of the scene, a UUID.'),
  room: z.string().nullable().describe('The room that the scene is for; null: for every room.'),
  name: z.string().describe('The name of the scene.'),
  description: z.string().describe('What the scene is for.'),
  rules: z.array(sceneRuleResponse).describe('What becomes of each role template.'),
  isBuiltIn: z.boolean().describe('Comes with Rolecall; cannot be changed or deleted.'),
  createdBy: z.string().describe('Who added it: an e-mail address, or the name of an API key.'),
  createdByKind: actorKindResponse.nullable(),
  createdAt: z
    .date()
    .nullable()
    .describe('When it was added. ISO 8601; null for a built-in scene.'),
  updatedAt: z
    .date()
    .nullable()
    .describe('When it was last changed. ISO 8601; null for a built-in scene.'),
});

export const enterSceneBody = z
  .strictObject({
    scene: uuidText.optional().describe('The id of the scene. Either this or `lock`.'),
    lock: z
      .strictObject({
        keep: z
          .array(templateKey)
          .max(MAX_RULES)
          .optional()
          .describe('The keys of the role templates that keep their rights.'),
      })
      .optional()
      .describe('Instead of a scene: only the roles that are kept may publish or send data.'),
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
  operationId: z.string().describe('The id of the bulk operation that brings everybody in line.'),
  total: z.int().describe('How many people it is about.'),
  scene: activeSceneResponse.describe('The scene that is now in force.'),
  kept: z
    .array(z.string())
    .describe('Templates that keep their rights because they go beyond the ceiling of the caller.'),
});
export type SceneEntered = z.infer<typeof sceneEnteredResponse>;
