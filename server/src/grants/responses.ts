import { z } from 'zod';
import { describeGrant } from './grant-catalogue.js';
import { type FlagKey, type RoleGrants, TRACK_SOURCES } from './role-grants.js';

const flag = (key: FlagKey) => z.boolean().describe(describeGrant(key).sentence);

export const trackSourceResponse = z.enum(TRACK_SOURCES);

/** Grants as answers give them: every one is there. */
export const roleGrantsResponse = z.object({
  roomJoin: flag('roomJoin'),
  canSubscribe: flag('canSubscribe'),
  canPublish: flag('canPublish'),
  canPublishSources: z
    .array(trackSourceResponse)
    .describe(describeGrant('canPublishSources').sentence),
  canPublishData: flag('canPublishData'),
  canUpdateOwnMetadata: flag('canUpdateOwnMetadata'),
  canSubscribeMetrics: flag('canSubscribeMetrics'),
  canManageAgentSession: flag('canManageAgentSession'),
  hidden: flag('hidden'),
  recorder: flag('recorder'),
  agent: flag('agent'),
  roomAdmin: flag('roomAdmin'),
  roomCreate: flag('roomCreate'),
  roomList: flag('roomList'),
  roomRecord: flag('roomRecord'),
  ingressAdmin: flag('ingressAdmin'),
  destinationRoom: z.string().describe(describeGrant('destinationRoom').sentence),
  sip: z.object({ admin: flag('sip.admin'), call: flag('sip.call') }),
  inference: z.object({ perform: flag('inference.perform') }),
  observability: z.object({ write: flag('observability.write') }),
}) satisfies z.ZodType<RoleGrants>;

/** Where a role comes from; `requested`: whoever asked for the token named it. */
export const roleSourceResponse = z.enum(['override', 'assignment', 'default', 'requested']);

/** One link of the chain of reasons; exactly one of a chain wins. */
export const becauseResponse = z.looseObject({
  rule: z.string(),
  outcome: z.enum(['wins', 'loses', 'near_miss', 'note']),
  text: z.string(),
});
