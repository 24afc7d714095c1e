import { z } from 'zod';
import { AppError, fieldError } from '../common/errors/app-error.js';
import { attributesMap, cleanText, metadataText } from '../common/http/fields.js';
import { isPathStep, isReservedIdentity, PATH_STEP_PROBLEM, PEEK_PREFIX } from '../grants/names.js';

const optional = <T extends z.ZodType>(schema: T, text: string) =>
  schema.nullish().describe(`${text} Empty or null: not given.`);

const addressable = cleanText(256).refine((given) => !isPathStep(given), {
  message: PATH_STEP_PROBLEM,
});
const room = (text = 'The room to join.') => optional(addressable, text);
const identity = (text = 'Who joins. An end user may leave it out, or send their own.') =>
  optional(
    addressable.refine((given) => !isReservedIdentity(given), {
      message: `must not begin with ${PEEK_PREFIX}, which Rolecall keeps to itself`,
    }),
    text,
  );
const name = (text = 'The display name.') => optional(cleanText(256), text);
const metadata = (text = 'Participant metadata. Not taken from end users.') =>
  optional(metadataText, text);
const attributes = (text = 'Participant attributes. Not taken from end users.') =>
  optional(attributesMap, text);
const config = (text = 'Taken only when it asks for nothing: it can start agents and egress.') =>
  optional(z.record(z.string(), z.unknown()), text);

const camel = (field: string) => `\`${field}\` in protobuf's other spelling.`;

/** In both spellings that a reader of protobuf's JSON takes, and in the older shape. */
const fields = {
  room_name: room(),
  participant_identity: identity(),
  participant_name: name(),
  participant_metadata: metadata(),
  participant_attributes: attributes(),
  room_config: config(),
  roomName: room(camel('room_name')),
  participantIdentity: identity(camel('participant_identity')),
  participantName: name(camel('participant_name')),
  participantMetadata: metadata(camel('participant_metadata')),
  participantAttributes: attributes(camel('participant_attributes')),
  roomConfig: config(camel('room_config')),
  room: room('The room, in the older shape, which is answered with `token` and `url`.'),
  userId: identity('Who joins, in the older shape.'),
  user_id: identity('Who joins, in the older shape.'),
};

/**
 * What a client newer than us adds is taken while it is empty, since that asks for nothing. With a
 * value it is refused: a token that silently lacks what was asked for is worse than none.
 */
export const tokenSourceBody = z.looseObject(fields).superRefine((body, context) => {
  const unknown = Object.entries(body).filter(
    ([key, value]) => !(key in fields) && !isEmpty(value),
  );
  if (unknown.length === 0) return;
  const keys = unknown.map(([key]) => key);
  context.addIssue({ code: 'unrecognized_keys', keys, message: 'unknown field' });
});
export type TokenSourceBody = z.infer<typeof tokenSourceBody>;

export const tokenSourceResponse = z.union([
  z.object({
    server_url: z.string().describe('The address that the LiveKit client connects to.'),
    participant_token: z.string().describe('The LiveKit token: a signed JWT.'),
  }),
  z.object({
    token: z.string().describe('The LiveKit token: a signed JWT.'),
    url: z.string().describe('The address that the LiveKit client connects to.'),
  }),
]);

type Field = keyof typeof fields;

/** A value, and the field of the request that it was in; `field` is what to name when there is none. */
interface Given<T> {
  readonly value: T | undefined;
  readonly field: string;
}

export interface TokenSourceRequest {
  readonly room: Given<string>;
  readonly identity: Given<string>;
  readonly name: Given<string>;
  readonly metadata: Given<string>;
  readonly attributes: Given<Record<string, string>>;
  readonly config: Given<Record<string, unknown>>;
  /** The answer is `{token, url}`. */
  readonly isOlder: boolean;
}

/** One value for each thing that was asked. Throws 400 for two spellings that say different things. */
export function readRequest(body: TokenSourceBody): TokenSourceRequest {
  const isOlder = ['room', 'userId', 'user_id'].some((key) => !isEmpty(body[key]));
  const [today, older] = [
    ['room_name', 'roomName', 'room'],
    ['participant_identity', 'participantIdentity', 'userId', 'user_id'],
  ] as const;
  return {
    room: give(body, isOlder ? [...today].reverse() : today),
    identity: give(body, isOlder ? ['userId', 'user_id', ...older.slice(0, 2)] : older),
    name: give(body, ['participant_name', 'participantName']),
    metadata: give(body, ['participant_metadata', 'participantMetadata']),
    attributes: give(body, ['participant_attributes', 'participantAttributes']),
    config: give(body, ['room_config', 'roomConfig']),
    isOlder,
  };
}

/** The first field names what is missing. */
function give<K extends Field>(
  body: TokenSourceBody,
  names: readonly K[],
): Given<NonNullable<TokenSourceBody[K]>> {
  const given = names.filter((name) => !isEmpty(body[name]));
  const [field = names[0] as K, ...others] = given;
  const value = body[field];
  const other = others.find((name) => JSON.stringify(body[name]) !== JSON.stringify(value));
  if (other !== undefined) throw fieldError(other, `says something else than ${field}`);
  return { value: isEmpty(value) ? undefined : (value ?? undefined), field };
}

/** What protobuf's JSON means by not set, also deep inside: `{"agents": [{}]}` asks for nothing. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (value === '' || value === 0 || value === false) return true;
  return typeof value === 'object' && Object.values(value).every(isEmpty);
}

/** A field that is no end user's to set. */
export function fieldRefused(field: string, text: string): AppError {
  return new AppError('forbidden', 'token.field_refused', `${field}: ${text}`, {
    errors: { [field]: text },
  });
}
