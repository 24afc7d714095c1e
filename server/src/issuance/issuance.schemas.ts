import { z } from 'zod';
import {
  attributesMap,
  identityText,
  keyText,
  labelText,
  metadataText,
  nameText,
  reasonText,
  uuidText,
} from '../common/http/fields.js';
import { becauseResponse, roleGrantsResponse, roleSourceResponse } from '../grants/responses.js';
import { askedGrantsInput, ttlInput } from '../grants/role-grants-input.js';

const agentDispatch = z.strictObject({
  agentName: nameText.describe('The name that the agent registers with.'),
  metadata: metadataText.optional().describe('Passed to the agent’s job.'),
  deployment: labelText.optional().describe('Which deployment; left out: production.'),
});

const tokenRequest = {
  room: nameText.optional(),
  identity: identityText.optional(),
  user: uuidText.optional(),
  template: keyText.optional(),
  ttl: ttlInput.optional(),
  name: labelText.optional(),
  metadata: metadataText.optional(),
  attributes: attributesMap.optional(),
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
  createRoom: z.boolean().optional(),
  createUser: z.boolean().optional(),
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
  token: z.string(),
  serverUrl: z.string(),
  issuanceId: z.string(),
  jti: z.string(),
  identity: z.string(),
  room: z.string().nullable(),
  template: z.string(),
  version: z.number(),
  expiresAt: z.string(),
  because: z.array(becauseResponse),
});

export const previewResponse = z.object({
  claims: z.record(z.string(), z.unknown()),
  template: z.string(),
  version: z.number(),
  because: z.array(becauseResponse),
});

/** What somebody would get in a room, and why; more is there when a rule wins. */
export const explainResponse = z.looseObject({
  verdict: z.enum(['allow', 'refuse']),
  template: z.string().nullable(),
  version: z.number().nullable(),
  source: roleSourceResponse.nullable(),
  grants: roleGrantsResponse.nullable(),
  ttl: z.number().nullable(),
  because: z.array(becauseResponse),
});

export const explainQuery = z.strictObject({ room: nameText, identity: nameText });
export type ExplainQuery = z.infer<typeof explainQuery>;
