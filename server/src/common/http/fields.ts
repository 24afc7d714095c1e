import { z } from 'zod';
import {
  isPathStep,
  isReservedIdentity,
  PATH_STEP_PROBLEM,
  PEEK_PREFIX,
} from '../../grants/names.js';

const encoder = new TextEncoder();

export const actorKindResponse = z
  .enum(['operator', 'api_key', 'participant', 'user', 'system'])
  .describe('What kind of actor the label beside it names; null in old records.');

/** Clients send whole records back: what cannot be changed here may come along as it was read. */
export const readOnlyField = z
  .unknown()
  .optional()
  .describe('Read-only: may be sent back as it was read; another value is refused.');
/** What changes by itself: a stale value is no attempt to change it. */
export const ignoredField = z
  .unknown()
  .optional()
  .describe('Ignored, so that a record can be sent back as it was read.');

/** Well-formed Unicode without NUL: what Postgres, LiveKit and JSON all carry unchanged. */
export function isCleanText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}

export const cleanText = (maxBytes: number) =>
  z
    .string()
    .refine(isCleanText, { message: 'must be well-formed Unicode without NUL' })
    .refine((text) => encoder.encode(text).length <= maxBytes, {
      message: `must be at most ${maxBytes} bytes of UTF-8`,
    });

/** A LiveKit room name or identity: 1 to 256 bytes of UTF-8, any character but NUL. */
export const nameText = cleanText(256)
  .refine((text) => text.length > 0, { message: 'must not be empty' })
  .describe('1 to 256 bytes of UTF-8, any character but NUL.');

/** A name that an address can have as a part: for what is new. What is there already may have any. */
export const addressableText = nameText.refine((text) => !isPathStep(text), {
  message: PATH_STEP_PROBLEM,
});

/** An identity that is not reserved for Rolecall. */
export const identityText = addressableText.refine((text) => !isReservedIdentity(text), {
  message: `must not begin with ${PEEK_PREFIX}, which Rolecall keeps to itself`,
});

/** A person's or thing's display name. */
export const labelText = cleanText(256).describe('A name to show, up to 256 bytes.');
export const reasonText = cleanText(1_000).describe('Why, for the ledger: up to 1,000 bytes.');
export const metadataText = cleanText(65_536).describe(
  'LiveKit metadata: text for your own client, up to 64 KiB.',
);

/** LiveKit's participant attributes: at most 64 KiB of keys and values together. */
export const attributesMap = z
  .record(
    cleanText(256).refine((key) => key.length > 0, { message: 'keys must not be empty' }),
    cleanText(65_536),
  )
  .refine(
    (map) =>
      Object.entries(map).reduce(
        (sum, [key, value]) => sum + encoder.encode(key + value).length,
        0,
      ) <= 65_536,
    { message: 'must be at most 65536 bytes in all' },
  )
  .describe('LiveKit participant attributes: text by key, up to 64 KiB in all.');

/** A room name, or one with `*` for any run of characters. */
export const patternText = cleanText(512)
  .refine((text) => text.length > 0, { message: 'must not be empty' })
  .describe('A room name; `*` means any run of characters.');

export const passwordText = z
  .string()
  .min(12, { message: 'must have at least 12 characters' })
  .max(256, { message: 'must have at most 256 characters' })
  .describe('12 to 256 characters; one that is easy to guess is refused.');

export const uuidText = z.uuid({ message: 'must be a UUID' });

/** An instant: ISO 8601 with an offset. */
export const instant = z.iso
  .datetime({ offset: true, message: 'must be an ISO 8601 time with an offset' })
  .transform((text) => new Date(text));

/** Path parameters that every room route shares. */
const roomParam = nameText.describe('The name of the room.');
export const roomParams = z.strictObject({ room: roomParam });
export const seatParams = z.strictObject({
  room: roomParam,
  identity: nameText.describe('The LiveKit identity of the participant.'),
});
export const idParams = z.strictObject({ id: uuidText.describe('The id of the record.') });
export const keyText = cleanText(64).refine((text) => text.length > 0, {
  message: 'must not be empty',
});
export const keyParams = z.strictObject({ key: keyText.describe('The key, such as `speaker`.') });
