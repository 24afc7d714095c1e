import { z } from 'zod';
import {
  actorKindResponse,
  instant,
  nameText,
  patternText,
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
  [z.strictObject({ user: uuidText }), z.strictObject({ everyone: isTrue })],
  { error: alternatives('must be {"user": "<id>"} or {"everyone": true}') },
);

const scope = z.union(
  [
    z.strictObject({ room: nameText }),
    z.strictObject({ pattern: patternText }),
    z.strictObject({ all: isTrue }),
  ],
  { error: alternatives('must be {"room": "<name>"}, {"pattern": "town-*"} or {"all": true}') },
);

const priority = z
  .int({ error: 'must be a whole number' })
  .min(-1_000_000, { message: 'must be at least -1000000' })
  .max(1_000_000, { message: 'must be at most 1000000' });

const status = z.enum(['active', 'upcoming', 'expired'], {
  message: 'must be active, upcoming or expired',
});

export const listAssignmentsQuery = listQuery(
  ['createdAt', 'id', 'template', 'priority', 'validFrom', 'validUntil', 'status', 'subjectLabel'],
  {
    q: searchText.optional(),
    /** A user's id: what is assigned to them by name. */
    user: uuidText.optional(),
    /** Whatever covers the room: by its name, by a pattern, or everywhere. */
    room: nameText.optional(),
    template: templateKey.optional(),
    status: status.optional(),
  },
  ['createdAt', 'DESC'],
);
export type ListAssignmentsQuery = z.infer<typeof listAssignmentsQuery>;

const body = {
  scope,
  template: templateKey,
  priority,
  validFrom: instant.nullable(),
  validUntil: instant.nullable(),
  reason: reasonText,
};

export const createAssignmentBody = z.strictObject({
  subject,
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
  // Clients send whole records back; these may come along unchanged.
  id: z.unknown().optional(),
  subject: z.unknown().optional(),
  createdBy: z.unknown().optional(),
  createdByKind: z.unknown().optional(),
  createdAt: z.unknown().optional(),
  // These follow from others and from the time, so a stale one is no attempt to change it.
  subjectLabel: z.unknown().optional(),
  status: z.unknown().optional(),
});
export type UpdateAssignmentBody = z.infer<typeof updateAssignmentBody>;

export const assignmentResponse = z.object({
  id: z.string(),
  subject: z.union([z.object({ user: z.string() }), z.object({ everyone: z.literal(true) })]),
  subjectLabel: z.string(),
  scope: z.union([
    z.object({ room: z.string() }),
    z.object({ pattern: z.string() }),
    z.object({ all: z.literal(true) }),
  ]),
  template: z.string(),
  priority: z.number(),
  validFrom: z.date().nullable(),
  validUntil: z.date().nullable(),
  reason: z.string(),
  status,
  createdBy: z.string(),
  createdByKind: actorKindResponse.nullable(),
  createdAt: z.date(),
});
