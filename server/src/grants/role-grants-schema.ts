import { z } from 'zod';
import { describeGrant } from './grant-catalogue.js';
import { MAX_NAME_BYTES, textProblem, utf8Length } from './names.js';
import { canonicalSources, type FlagKey, type RoleGrants, TRACK_SOURCES } from './role-grants.js';
import { parseTtl, TtlError } from './ttl.js';

const flag = (key: FlagKey) =>
  z
    .boolean({ error: 'must be true or false' })
    .default(false)
    .describe(describeGrant(key).sentence);

const object = (issue: { code?: string }) =>
  issue.code === 'invalid_type' ? 'must be an object' : undefined;

const sources = z
  .array(z.enum(TRACK_SOURCES, { error: `must be one of ${TRACK_SOURCES.join(', ')}` }), {
    error: 'must be a list of sources',
  })
  .overwrite((given) => canonicalSources(given))
  .default([])
  .describe(describeGrant('canPublishSources').sentence);

const destinationRoom = z
  .string({ error: 'must be the name of a room, or empty' })
  .superRefine((name, ctx) => {
    const problem =
      utf8Length(name) > MAX_NAME_BYTES
        ? `must be at most ${MAX_NAME_BYTES} bytes of UTF-8`
        : textProblem(name);
    if (problem) ctx.addIssue({ code: 'custom', message: problem });
  })
  .default('')
  .describe(describeGrant('destinationRoom').sentence);

/**
 * Grants in requests and answers. Left out of a request = off, never LiveKit's own default; answers
 * have every one.
 */
export const roleGrantsSchema = z.strictObject(
  {
    roomJoin: flag('roomJoin'),
    canSubscribe: flag('canSubscribe'),
    canPublish: flag('canPublish'),
    canPublishSources: sources,
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
    destinationRoom,
    sip: z
      .strictObject({ admin: flag('sip.admin'), call: flag('sip.call') }, { error: object })
      .prefault({})
      .describe('Rights in LiveKit’s SIP service.'),
    inference: z
      .strictObject({ perform: flag('inference.perform') }, { error: object })
      .prefault({})
      .describe('Rights in LiveKit’s inference service.'),
    observability: z
      .strictObject({ write: flag('observability.write') }, { error: object })
      .prefault({})
      .describe('Rights in LiveKit’s observability service.'),
  },
  { error: object },
) satisfies z.ZodType<RoleGrants>;

const asked = (key: FlagKey) =>
  z.boolean({ error: 'must be true or false' }).optional().describe(describeGrant(key).sentence);

/** Grants that narrow a role: what is left out stays as the role has it. */
export const askedGrantsInput = z.strictObject({
  roomJoin: asked('roomJoin'),
  canSubscribe: asked('canSubscribe'),
  canPublish: asked('canPublish'),
  canPublishSources: sources
    .unwrap()
    .optional()
    .describe(describeGrant('canPublishSources').sentence),
  canPublishData: asked('canPublishData'),
  canUpdateOwnMetadata: asked('canUpdateOwnMetadata'),
  canSubscribeMetrics: asked('canSubscribeMetrics'),
  canManageAgentSession: asked('canManageAgentSession'),
  hidden: asked('hidden'),
  recorder: asked('recorder'),
  agent: asked('agent'),
  roomAdmin: asked('roomAdmin'),
  roomCreate: asked('roomCreate'),
  roomList: asked('roomList'),
  roomRecord: asked('roomRecord'),
  ingressAdmin: asked('ingressAdmin'),
  destinationRoom: destinationRoom
    .unwrap()
    .optional()
    .describe(describeGrant('destinationRoom').sentence),
  sip: z
    .strictObject({ admin: asked('sip.admin'), call: asked('sip.call') }, { error: object })
    .optional()
    .describe('Rights in LiveKit’s SIP service.'),
  inference: z
    .strictObject({ perform: asked('inference.perform') }, { error: object })
    .optional()
    .describe('Rights in LiveKit’s inference service.'),
  observability: z
    .strictObject({ write: asked('observability.write') }, { error: object })
    .optional()
    .describe('Rights in LiveKit’s observability service.'),
});

/** A lifetime as seconds (`600`) or in words (`'10h'`, `'2 days'`); gives seconds. */
export const ttlInput = z
  .union([z.number(), z.string()], { error: 'must be seconds, or text like "10h" or "2 days"' })
  .describe('Seconds, or text such as "10m", "10h" or "2 days".')
  .transform((value, ctx) => {
    try {
      return parseTtl(value);
    } catch (error) {
      if (!(error instanceof TtlError)) throw error;
      ctx.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });
