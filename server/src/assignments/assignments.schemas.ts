import { z } from 'zod';
import {
  actorKindResponse,
  ignoredField,
  instant,
  nameText,
  patternText,
  readOnlyField,
  reasonText,
  uuidText,
} from '../common/http/fields.js';
import { listQuery, searchText } from '../common/http/lists.js';
import { templateKey } from '../role-templates/role-templates.schemas.js';

interface UnionIssue {
  code?: string;
  input?: unknown;
  errors?: { code: string; path: PropertyKey[]; message: string }[][];
}

/** Says what is wrong with the alternative that was meant, or which alternatives there are. */
const alternatives = (message: string) => (issue: UnionIssue) => {
  const meant = issue.errors?.find((issues) => issues.every((i) => i.path.length > 0));
  const [first] = meant ?? [];
  const isSent =
    first && typeof issue.input === 'object' && Object.hasOwn(issue.input ?? {}, first.path[0]!);
  return isSent ? `${String(first.path[0])}: ${first.message}` : message;
};

const isTrue = z.literal(true, { error: 'must be true' });

const subject = z.union(
  [
    z.strictObject({ user: uuidText.describe('The id of the user.') }),
    z.strictObject({ everyone: isTrue.describe('Everybody.') }),
  ],
  { error: alternatives('must be {"user": "<id>"} or {"everyone": true}') },
);

const scope = z.union(
  [
    z.strictObject({ room: nameText.describe('The name of the room.') }),
    z.strictObject({ pattern: patternText }),
    z.strictObject({ all: isTrue.describe('Every room.') }),
  ],
  { error: alternatives('must be {"room": "<name>"}, {"pattern": "town-*"} or {"all": true}') },
);

const priority = z
  .int({ error: 'must be a whole number' })
  .min(-1_000_000, { message: 'must be at least -1000000' })
  .max(1_000_000, { message: 'must be at most 1000000' });

const status = z
  .enum(['active', 'upcoming', 'expired'], { message: 'must be active, upcoming or expired' })
  .describe('Whether it applies now, later, or no longer.');

export const listAssignmentsQuery = listQuery(
  ['createdAt', 'id', 'template', 'priority', 'validFrom', 'validUntil', 'status', 'subjectLabel'],
  {
    q: searchText.optional(),
    user: uuidText
      .optional()
      .describe('The id of a user: only what is assigned to this user by name.'),
    room: nameText
      .optional()
      .describe('Only assignments that cover this room: by its name, by a pattern, or everywhere.'),
    template: templateKey.optional().describe('Only assignments of this role template.'),
    status: status.optional(),
  },
  ['createdAt', 'DESC'],
);
export type ListAssignmentsQuery = z.infer<typeof listAssignmentsQuery>;

const body = {
  scope: scope.describe('Where: one room, the rooms that match a pattern, or all.'),
  template: templateKey.describe('The key of the role template.'),
  priority: priority.describe(
    'Of assignments that are equally specific the highest priority wins; from −1,000,000 to 1,000,000.',
  ),
  validFrom: instant
    .nullable()
    .describe('From when it applies. ISO 8601 with an offset; null: from now on.'),
  validUntil: instant
    .nullable()
    .describe('Until when it applies. ISO 8601 with an offset; null: without end.'),
  reason: reasonText,
};

export const createAssignmentBody = z.strictObject({
  subject: subject.describe('Who gets the role: one user, or everyone. It cannot be changed.'),
  scope: body.scope,
  template: body.template,
  priority: body.priority.default(0),
  validFrom: body.validFrom.default(null),
  validUntil: body.validUntil.default(null),
  reason: body.reason.nullable().default(''),
});
type CreateBody = z.infer<typeof createAssignmentBody>;
export type CreateAssignmentBody = Pick<CreateBody, 'subject' | 'scope' | 'template'> &
  Partial<CreateBody>;

export const updateAssignmentBody = z.strictObject({
  scope: body.scope.optional(),
  template: body.template.optional(),
  priority: body.priority.optional(),
  validFrom: body.validFrom.optional(),
  validUntil: body.validUntil.optional(),
  reason: body.reason.nullable().optional(),
  id: readOnlyField,
  subject: readOnlyField,
  createdBy: readOnlyField,
  createdByKind: readOnlyField,
  createdAt: readOnlyField,
  subjectLabel: ignoredField,
  status: ignoredField,
});
export type UpdateAssignmentBody = z.infer<typeof updateAssignmentBody>;

export const assignmentResponse = z.object({
  id: z.string().describe('The id of the assignment, a UUID.'),
  subject: z
    .union([
      z.object({ user: z.string().describe('The id of the user.') }),
      z.object({ everyone: z.literal(true).describe('Everybody.') }),
    ])
    .describe('Who gets the role: one user, or everyone.'),
  subjectLabel: z.string().describe('The name of the user, or *everyone*.'),
  scope: z
    .union([
      z.object({ room: z.string().describe('The name of the room.') }),
      z.object({ pattern: z.string().describe('A room name; `*` means any run of characters.') }),
      z.object({ all: z.literal(true).describe('Every room.') }),
    ])
    .describe('Where: one room, the rooms that match a pattern, or all.'),
  template: z.string().describe('The key of the role template.'),
  priority: z
    .number()
    .describe('Of assignments that are equally specific the highest priority wins.'),
  validFrom: z
    .date()
    .nullable()
    .describe('From when it applies. ISO 8601; null: since it was added.'),
  validUntil: z.date().nullable().describe('Until when it applies. ISO 8601; null: without end.'),
  reason: z.string().describe('The reason that was given; empty: none.'),
  status,
  createdBy: z
    .string()
    .describe('Who added it: an e-mail address, the name of an API key, or an identity.'),
  createdByKind: actorKindResponse.nullable(),
  createdAt: z.date().describe('When it was added. ISO 8601.'),
});
