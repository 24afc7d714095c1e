import { z } from 'zod';
import { type ActName, ACTS, type ActsThat, actsThat } from '../../acts/acts.js';
import { actorKindResponse, cleanText, nameText, reasonText } from '../../common/http/fields.js';
import { roleSourceResponse, trackSourceResponse } from '../../grants/responses.js';
import { ttlInput } from '../../grants/role-grants-schema.js';
import { TRACK_SOURCES } from '../../grants/role-grants.js';
import { cameInWithResponse } from '../../ledger/lineage.schemas.js';

const duration = ttlInput.describe(
  'How long it lasts: seconds, or text such as "10m" or "2 days"; from 1 s. Left out: until it is ended.',
);

const reason = reasonText.optional();
const template = z
  .string()
  .min(1)
  .max(64)
  .describe(
    'The key of a role template. Left out: for a promotion what the room promotes to, for a demotion the role that policy gives.',
  )
  .optional();

const expectEpoch = z
  .int()
  .min(0)
  .describe(
    'The epoch that was read; if the seat has another one by now, nothing is done: 409 `seat.changed`.',
  )
  .optional();
const confirm = z
  .boolean()
  .describe('Must be true when operators act on themselves and may not be able to take it back.')
  .optional();
const sources = z
  .array(z.enum(TRACK_SOURCES))
  .min(1)
  .max(TRACK_SOURCES.length)
  .describe(
    'The track sources that it is about. Left out: all of them. Sound of a screen is a source of its own, and may be speech.',
  )
  .optional();

const FIELDS = {
  template,
  sources,
  source: z
    .enum([...TRACK_SOURCES, 'unknown'])
    .optional()
    .describe('The track source that it is about. Left out: all of them.'),
  for: duration.optional(),
  reason,
  expectEpoch,
  confirm,
};

/** The body of an act, by the fields that the catalogue names. */
function bodyOf<Name extends ActName>(name: Name) {
  type Field = (typeof ACTS)[Name]['fields'][number];
  const fields = ACTS[name].fields.map((field) => [field, FIELDS[field]]);
  return z.strictObject(Object.fromEntries(fields) as Pick<typeof FIELDS, Field>);
}

export const changeBody = bodyOf('promote');
export const extendBody = bodyOf('extend').extend({ for: duration });
export const blockBody = bodyOf('block');
export const holdBody = bodyOf('hold');
export const reasonBody = bodyOf('release');
export const removeBody = bodyOf('remove');
export const muteBody = bodyOf('mute');
export const previewBody = z.strictObject({
  action: z
    .enum(actsThat<ActsThat<{ isSimulated: true }>>(({ isSimulated }) => isSimulated))
    .describe('The act to simulate.'),
  template,
  sources,
  for: duration.optional(),
});
export const actingBody = z.strictObject({
  action: cleanText(32)
    .optional()
    .describe('What the operator is about to do, such as `promote`; shown to the others as it is.'),
});
export const operationsQuery = z.strictObject({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(50)
    .default(5)
    .describe('How many, newest first: 1 to 50.'),
});

export type ChangeBody = z.infer<typeof changeBody>;
export type ExtendBody = z.infer<typeof extendBody>;
export type BlockBody = z.infer<typeof blockBody>;
export type HoldBody = z.infer<typeof holdBody>;
export type ReasonBody = z.infer<typeof reasonBody>;
export type RemoveBody = z.infer<typeof removeBody>;
export type MuteBody = z.infer<typeof muteBody>;
export type PreviewBody = z.infer<typeof previewBody>;
export type ActingBody = z.infer<typeof actingBody>;
export type OperationsQuery = z.infer<typeof operationsQuery>;

/** Fields that several answers share. */
const templateShown = z.string().describe('The key of the role template.');
const versionShown = z.int().describe('The version of the role template.');
const operationShown = z.string().describe('The id of the operation; the ledger repeats it.');
const doneBy = {
  by: z.string().describe('Who did it: an e-mail address, the name of an API key, or an identity.'),
  byKind: actorKindResponse.nullable(),
  reason: z.string().nullable().describe('The reason that was given; null: none.'),
};
const livekitMs = z
  .number()
  .nullable()
  .describe('Milliseconds until LiveKit answered; null: it has not.');
const goneMs = z
  .number()
  .nullable()
  .describe(
    'Milliseconds from the request until the tracks that it takes were gone; null: none were, or not yet.',
  );
const effectsShown = z
  .array(z.string())
  .describe('What it changes for the participant, as sentences without a subject.');
const detailShown = z.string().nullable().describe('More about the outcome, as a sentence.');

/** `unknown`: a source that LiveKit does not name. */
const anySource = z.enum([...TRACK_SOURCES, 'unknown']);

const permissionResponse = z.object({
  canSubscribe: z.boolean().describe('May receive the media of others.'),
  canPublish: z.boolean().describe('May publish media.'),
  canPublishData: z.boolean().describe('May send data messages.'),
  canPublishSources: z
    .array(anySource)
    .describe('The track sources that they may publish; empty with `canPublish`: all of them.'),
  hidden: z.boolean().describe('Others do not see them.'),
  recorder: z.boolean().describe('LiveKit treats them as a recorder.'),
  agent: z.boolean().describe('LiveKit treats them as an agent.'),
  canUpdateMetadata: z.boolean().describe('May change their own name, metadata and attributes.'),
  canSubscribeMetrics: z.boolean().describe('May receive LiveKit’s metrics of the room.'),
  canManageAgentSession: z.boolean().describe('May manage agent sessions.'),
});

const trackResponse = z.object({
  sid: z.string().describe('LiveKit’s id of the track.'),
  type: z.enum(['audio', 'video', 'data']).describe('What it carries.'),
  source: anySource.describe('Its track source; `unknown`: LiveKit does not name it.'),
  name: z.string().describe('The name that its publisher gave it.'),
  isMuted: z.boolean().describe('Muted, by its publisher or by a moderator.'),
});

const instantResponse = z.iso.datetime().describe('ISO 8601.');
const endResponse = instantResponse
  .nullable()
  .describe('When it ends by itself. ISO 8601; null: it does not.');
const undoUntil = instantResponse
  .nullable()
  .describe('Until when it can be undone. ISO 8601; null: it cannot.');
const undoneBy = z
  .string()
  .nullable()
  .describe('The id of the operation that undid it; null: none.');
const outcomeResponse = z
  .enum(['intent', 'applied', 'pending', 'failed', 'superseded'])
  .describe(
    '`intent`: LiveKit is being called. `applied`: LiveKit confirmed it. `pending`: it is kept and applied later. `superseded`: a later operation changed the same.',
  );

export const seatResponse = z.object({
  id: z.string().describe('The identity again, for clients that expect an `id`.'),
  identity: nameText.describe('The LiveKit identity. 1 to 256 bytes of UTF-8.'),
  user: z
    .string()
    .nullable()
    .describe('The id of the user with this identity; null: no user has it.'),
  name: z.string().nullable().describe('The name that LiveKit shows, or that of the user.'),
  kind: z
    .string()
    .nullable()
    .describe('LiveKit’s kind of participant, such as `standard`, `agent`, `sip` or `ingress`.'),
  state: z
    .enum(['joining', 'joined', 'active', 'disconnected', 'absent'])
    .describe(
      '`joining`, `joined` and `active` are LiveKit’s states of a connection; `absent`: nobody is connected.',
    ),
  isPresent: z.boolean().describe('Connected to the room now.'),
  role: z
    .object({ template: templateShown, version: versionShown, source: roleSourceResponse })
    .nullable()
    .describe('The effective role; null: no rule gives them one.'),
  refusal: z
    .string()
    .nullable()
    .describe(
      'The code of the reason why they may not be here, such as `seat.blocked` or `room.closed`; null: they may.',
    ),
  observed: permissionResponse
    .nullable()
    .describe(
      'The participant permission as LiveKit last reported it; null while they are absent.',
    ),
  inSync: z.boolean().describe('LiveKit has what they should have by policy.'),
  epoch: z
    .int()
    .describe(
      'The number of changes to the seat; send it as `expectEpoch` to be told of a change in between.',
    ),
  override: z
    .object({
      template: templateShown,
      version: versionShown,
      until: endResponse,
      ...doneBy,
    })
    .nullable()
    .describe('The role that a promotion or demotion gave in this room; null: none.'),
  block: z
    .object({
      at: instantResponse.describe('Since when. ISO 8601.'),
      until: endResponse,
      ...doneBy,
    })
    .nullable()
    .describe('They may have no token and not be in the room; null: not blocked.'),
  blockedUntil: endResponse.describe('When the block ends. ISO 8601; null: never, or no block.'),
  hold: z
    .object({
      sources: z.array(trackSourceResponse).describe('The track sources that are taken.'),
      at: instantResponse.describe('Since when. ISO 8601.'),
      until: endResponse,
      ...doneBy,
    })
    .nullable()
    .describe('Sources that they cannot turn on until they are released; null: none.'),
  withheld: z
    .object({
      sources: z.array(trackSourceResponse).describe('Track sources that are taken.'),
      data: z.boolean().describe('Whether data messages are taken.'),
    })
    .describe('What a hold and the scene of the room take out of the role.'),
  aboveCeiling: z
    .array(z.string())
    .describe(
      'The grants of the role that the issuer of their token may not give, so they go without.',
    ),
  silencing: z
    .enum(['revoke', 'mute'])
    .describe(
      'How holds and scenes keep them silent: `revoke` takes the right to publish, `mute` mutes programs that publish only once.',
    ),
  hand: z
    .object({
      id: z.string().describe('The id of the request, for approving or declining it.'),
      since: instantResponse.describe('When it was raised. ISO 8601.'),
      note: z.string().nullable().describe('What they wrote with it.'),
    })
    .nullable()
    .describe('Their raised hand; null: none.'),
  invite: z
    .object({
      id: z.string().describe('The id of the invitation.'),
      template: templateShown,
      since: instantResponse.describe('When it was sent. ISO 8601.'),
    })
    .nullable()
    .describe('The invitation that waits for their answer; null: none.'),
  tracks: z.array(trackResponse).describe('The tracks that they publish now.'),
  joinedAt: instantResponse.nullable().describe('When they joined. ISO 8601; null: absent.'),
  pendingOperation: z
    .string()
    .nullable()
    .describe('The id of the last operation that LiveKit has not confirmed; null: none.'),
  lastChange: z
    .object({
      operationId: operationShown,
      at: instantResponse.describe('When it was asked for. ISO 8601.'),
      by: doneBy.by,
      byKind: doneBy.byKind,
      kind: z.string().describe('The kind of its ledger entries, such as `seat.promoted`.'),
      outcome: outcomeResponse,
      ms: livekitMs,
    })
    .nullable()
    .describe('The last operation on the seat; null: none yet.'),
  isUnlisted: z.boolean().describe('Present with a token that Rolecall did not issue.'),
  isSilent: z
    .boolean()
    .describe('Present without being seen: hidden, a recorder, an agent, or without media.'),
  silentSince: instantResponse.nullable().describe('Since when. ISO 8601; null: not silent.'),
  silentWhy: z
    .enum(['hidden', 'recorder', 'agent', 'no_media'])
    .nullable()
    .describe('Why `isSilent` is true; null: it is not.'),
  peeksAt: z
    .string()
    .nullable()
    .describe('Of the hidden seat of a moderator who peeks: the identity they look at.'),
});
export type SeatView = z.infer<typeof seatResponse>;

export const seatDetailResponse = seatResponse.extend({
  cameInWith: cameInWithResponse
    .nullable()
    .describe(
      'The issued token that their present connection came from, through refreshes. Null: they are absent, or you may not read the ledger of this room.',
    ),
});

const roleStateResponse = z.object({
  template: templateShown.nullable().describe('The key of the role template; null: no role.'),
  version: versionShown.nullable().describe('The version of the template; null: no role.'),
  permission: permissionResponse
    .nullable()
    .describe('The participant permission that the role gives; null: they may not be in the room.'),
});
const before = roleStateResponse.describe('The role before.');
const after = roleStateResponse.describe('The role after.');

export const seatChangeResponse = z.object({
  operationId: operationShown,
  outcome: z
    .enum(['applied', 'pending', 'failed'])
    .describe(
      '`applied`: LiveKit confirmed it. `pending`: it is kept, and applied when they join or LiveKit answers.',
    ),
  detail: detailShown,
  before,
  after,
  effects: effectsShown,
  epoch: z.int().describe('The epoch of the seat after the change.'),
  undoUntil,
});
export type SeatChange = z.infer<typeof seatChangeResponse>;

export const seatPreviewResponse = z.object({
  before,
  after,
  effects: effectsShown,
  problem: z.string().nullable().describe('Why it would be refused; null: it would not.'),
});
export type SeatPreview = z.infer<typeof seatPreviewResponse>;

export const seatOperationResponse = z.object({
  id: operationShown,
  action: z.string().describe('The act, such as `promote`.'),
  by: doneBy.by,
  byKind: doneBy.byKind,
  at: instantResponse.describe('When it was asked for. ISO 8601.'),
  outcome: outcomeResponse,
  detail: detailShown,
  reason: doneBy.reason,
  ms: livekitMs,
  goneMs,
  effects: effectsShown,
  undoUntil,
  undoneBy,
});
export type SeatOperationView = z.infer<typeof seatOperationResponse>;

/** An operation on one seat, with the counts that a bulk operation has. */
const count = (what: string) => z.int().describe(`${what}: 0 or 1.`);
export const operationResponse = z.object({
  id: operationShown,
  operationId: z.string().describe('The same as `id`.'),
  room: z.string().describe('The name of the room.'),
  identity: z.string().describe('The identity of the participant.'),
  action: z.string().describe('The act, such as `promote`.'),
  status: z
    .enum(['running', 'done', 'failed'])
    .describe('`running` while the outcome is `intent`.'),
  outcome: outcomeResponse,
  detail: detailShown,
  total: z.int().describe('How many seats it is about: always 1.'),
  done: count('Seats with an outcome'),
  applied: count('Seats that LiveKit confirmed'),
  pending: count('Seats that are applied later'),
  failed: count('Seats that failed'),
  ...doneBy,
  before,
  after,
  effects: effectsShown,
  epoch: z.int().describe('The epoch of the seat after the change.'),
  ms: livekitMs,
  goneMs,
  undoUntil,
  undoneBy,
  createdAt: instantResponse.describe('When it was asked for. ISO 8601.'),
});
export type OperationView = z.infer<typeof operationResponse>;
