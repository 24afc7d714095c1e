import { z } from 'zod';
import {
  addressableText,
  attributesMap,
  identityText,
  keyText,
  labelText,
  metadataText,
  nameText,
  reasonText,
  uuidText,
} from '../common/http/fields.js';
import { becauseList } from '../grants/responses.js';
import { leafHashResponse } from '../ledger/ledger.schemas.js';
import { userWarnings } from '../users/users.schemas.js';
import { askedGrantsInput, ttlInput } from '../grants/role-grants-schema.js';

const agentDispatch = z.strictObject({
  agentName: nameText.describe('The name that the agent registers with.'),
  metadata: metadataText.optional().describe('Passed to the agent’s job.'),
  deployment: labelText.optional().describe('Which deployment; left out: production.'),
});

const tokenRequest = {
  room: addressableText
    .optional()
    .describe('The room to join. May be left out only if the template does not join a room.'),
  identity: identityText
    .optional()
    .describe('The LiveKit identity of the participant. Either this or `user`.'),
  user: uuidText.optional().describe('The id of a user. Either this or `identity`.'),
  template: keyText
    .optional()
    .describe(
      'The key of a role template, instead of the role that policy gives. Needs `token.issue_as` if policy gives another one.',
    ),
  ttl: ttlInput
    .optional()
    .describe(
      'How long the token is valid: seconds, or text such as "10h". Left out: as the template or the server says.',
    ),
  name: labelText
    .optional()
    .describe('The name that is shown in the room. Left out: that of the user.'),
  metadata: metadataText
    .optional()
    .describe('LiveKit metadata. Left out: that of the user, or of the template.'),
  attributes: attributesMap
    .optional()
    .describe('LiveKit attributes; each replaces that of the user or of the template.'),
  grants: askedGrantsInput
    .optional()
    .describe(
      'Narrows the role. `true`: the role must have it, or the token is refused. `false`: not in this token. Left out: as the role has it. Through the gate it holds for every connection with this token.',
    ),
  agents: z
    .array(agentDispatch)
    .max(10)
    .optional()
    .describe(
      'Agents that LiveKit dispatches when it creates the room. Needs `token.issue_as`, and a ceiling that includes `agent`.',
    ),
  createRoom: z.boolean().optional().describe('Create the room in LiveKit before the answer.'),
  createUser: z.boolean().optional().describe('Add a user with this identity if there is none.'),
  reason: reasonText.optional(),
};

export const issueBody = z.strictObject(tokenRequest).superRefine((body, context) => {
  if (body.identity === undefined && body.user === undefined) {
    context.addIssue({ code: 'custom', path: ['identity'], message: 'give identity or user' });
  }
  if (body.identity !== undefined && body.user !== undefined) {
    context.addIssue({
      code: 'custom',
      path: ['user'],
      message: 'give identity or user, not both',
    });
  }
  if (body.room === undefined && body.template === undefined) {
    context.addIssue({
      code: 'custom',
      path: ['room'],
      message: 'is required, unless the template does not join a room',
    });
  }
});
export type IssueBody = z.infer<typeof issueBody>;

export const issueResponse = z.object({
  token: z.string().describe('The LiveKit token: a signed JWT.'),
  serverUrl: z.string().describe('The address that the LiveKit client connects to.'),
  issuanceId: z.string().describe('The id of its ledger entry.'),
  leafHash: leafHashResponse,
  jti: z.string().describe('The id of the token.'),
  identity: z.string().describe('The identity in the token.'),
  room: z.string().nullable().describe('The room in the token; null: none.'),
  template: z.string().describe('The key of the role template.'),
  version: z.number().describe('The version of the role template.'),
  expiresAt: z.string().describe('When the token expires. ISO 8601.'),
  because: becauseList,
  warnings: userWarnings.describe(
    'What to beware of with the user that `createUser` added; left out when there is nothing.',
  ),
});

export const previewResponse = z.object({
  claims: z.record(z.string(), z.unknown()).describe('The claims that the token would have.'),
  template: z.string().describe('The key of the role template.'),
  version: z.number().describe('The version of the role template.'),
  because: becauseList,
});
