import { z } from 'zod';
import {
  attributesMap,
  identityText,
  ignoredField,
  labelText,
  metadataText,
  nameText,
  readOnlyField,
} from '../common/http/fields.js';
import { listQuery, searchText } from '../common/http/lists.js';

const kind = z.enum(['standard', 'agent'], { message: 'must be standard or agent' });

export const listUsersQuery = listQuery(
  ['identity', 'name', 'kind', 'createdAt', 'isSuspended', 'id'],
  {
    q: searchText.optional(),
    kind: kind.optional().describe('Only users of this kind.'),
    isSuspended: z.boolean().optional().describe('Only users that are, or are not, suspended.'),
    identity: nameText.optional().describe('Only the user with exactly this identity.'),
  },
  ['identity', 'ASC'],
);
export type ListUsersQuery = z.infer<typeof listUsersQuery>;

export const createUserBody = z.strictObject({
  identity: identityText
    .optional()
    .describe(
      'The LiveKit identity, such as your own primary key. Unique, never changed or reused. Left out: a new UUID.',
    ),
  name: labelText.optional().describe('The name that is shown in rooms.'),
  kind: kind.default('standard').describe('`standard`, or `agent` for a program.'),
  metadata: metadataText.default(''),
  attributes: attributesMap.default({}),
  isSuspended: z
    .boolean()
    .default(false)
    .describe('A suspended user gets no tokens and is removed from rooms.'),
});
export type CreateUserBody = Partial<z.infer<typeof createUserBody>> & {
  /** Sample data; never from outside. */
  isDemo?: boolean;
};

export const updateUserBody = z.strictObject({
  name: labelText.optional().describe('The name that is shown in rooms.'),
  kind: kind.optional().describe('`standard`, or `agent` for a program.'),
  metadata: metadataText.optional(),
  attributes: attributesMap.optional(),
  isSuspended: z
    .boolean()
    .optional()
    .describe('A suspended user gets no tokens and is removed from rooms.'),
  id: readOnlyField,
  identity: readOnlyField,
  isDemo: readOnlyField,
  createdAt: readOnlyField,
  warnings: ignoredField,
  updatedAt: ignoredField,
});
export type UpdateUserBody = z.infer<typeof updateUserBody>;

const lookAlike = z.object({
  id: z.string().describe('The id of the user, a UUID.'),
  identity: z.string().describe('The LiveKit identity.'),
  name: z.string().describe('The name that is shown in rooms.'),
});

export const lookAlikesQuery = z.strictObject({
  identity: identityText.describe('The identity that is compared; it need not be known.'),
});
export type LookAlikesQuery = z.infer<typeof lookAlikesQuery>;

/** Users whose identity looks the same, such as one with a letter of another script. */
export const lookAlikesResponse = z.object({
  data: z.array(lookAlike).describe('Users with such an identity.'),
});

export const userResponse = z.object({
  id: z.string().describe('The id of the user, a UUID.'),
  identity: z.string().describe('The LiveKit identity: unique, never changed or reused.'),
  name: z.string().describe('The name that is shown in rooms.'),
  kind: kind.describe('`standard`, or `agent` for a program.'),
  metadata: z.string().describe('LiveKit metadata that their tokens carry.'),
  attributes: z
    .record(z.string(), z.string())
    .describe('LiveKit attributes that their tokens carry.'),
  isSuspended: z.boolean().describe('A suspended user gets no tokens and is removed from rooms.'),
  isDemo: z.boolean().describe('Part of the sample data.'),
  createdAt: z.date().describe('When the user was added. ISO 8601.'),
  updatedAt: z.date().describe('When the user was last changed. ISO 8601.'),
});

/** What to beware of; users whose identity looks the same. */
export const userWarnings = z
  .array(
    z.object({
      code: z.literal('user.identity_confusable').describe('The finding; stable, for programs.'),
      field: z.literal('identity').describe('The field that it is about.'),
      text: z.string().describe('The finding as a sentence.'),
      users: z.array(lookAlike).describe('The users it may be confused with.'),
    }),
  )
  .optional()
  .describe('What to beware of; left out when there is nothing.');
export type UserWarnings = NonNullable<z.infer<typeof userWarnings>>;

export const userWithWarnings = userResponse.extend({ warnings: userWarnings });
