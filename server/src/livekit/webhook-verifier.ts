import { createHash, timingSafeEqual } from 'node:crypto';
import { WebhookEvent } from 'livekit-server-sdk';
import { AppError } from '../common/errors/app-error.js';
import type { LiveKitKeyPair } from './livekit.settings.js';
import { SignedTokens } from './signed-token.js';
import { isStorable } from './storable.js';
import { type LiveKitEvent, toLiveKitEvent } from './webhook-event.js';

const SHA256_BYTES = 32;

/**
 * Largest webhook that is read. LiveKit (v1.13.5) allows 512 KiB of metadata for a room and as much
 * for a participant, and 64 KiB of attributes; JSON takes up to six bytes for one of theirs.
 */
export const WEBHOOK_MAX_BYTES = 8 * 1024 * 1024;

/**
 * Tells LiveKit's webhooks from forgeries. Nothing of the body is parsed before its signature
 * holds: the `Authorization` header is a bare JWT of the webhook key, and its `sha256` claim is
 * compared, in constant time, with the hash of the bytes as they came.
 */
export class WebhookVerifier {
  private readonly tokens: SignedTokens;

  /** `now` is LiveKit's time, which signs. */
  constructor(
    pair: LiveKitKeyPair,
    private readonly now: () => Date,
  ) {
    this.tokens = new SignedTokens(pair);
  }

  /** Throws 413 for an oversized body and 401 for anything that LiveKit did not sign. */
  verify(raw: Buffer, authorization: string | undefined): LiveKitEvent {
    if (raw.byteLength > WEBHOOK_MAX_BYTES) {
      throw new AppError('too_large', 'webhook.too_large', 'The webhook is too large.');
    }
    const hash = this.verifyHeader(authorization);
    if (!isHashOf(raw, hash)) throw unsigned('it is not what was signed');
    return parse(raw);
  }

  /**
   * Checks, before the body is read, that our webhook key signed the header, and signed it for a
   * webhook: participants hold tokens of the same key. Returns the hash of the body. Throws 401.
   */
  verifyHeader(authorization: string | undefined): Buffer {
    const claims = this.tokens.verify(authorization ?? '', this.now());
    if (typeof claims === 'string') throw unsigned(`its token ${claims}`);
    const { sha256 } = claims;
    const hash = typeof sha256 === 'string' ? Buffer.from(sha256, 'base64') : null;
    if (hash?.byteLength !== SHA256_BYTES) throw unsigned('its token is for no webhook');
    return hash;
  }
}

function isHashOf(raw: Buffer, expected: Buffer): boolean {
  return timingSafeEqual(expected, createHash('sha256').update(raw).digest());
}

/** LiveKit adds events and fields from release to release: those that we do not know are let by. */
function parse(raw: Buffer): LiveKitEvent {
  try {
    const json: unknown = JSON.parse(raw.toString('utf8'));
    const event = toLiveKitEvent(
      WebhookEvent.fromJson(json as never, { ignoreUnknownFields: true }),
    );
    if (!isStorable(event.id + event.event) || !isPlausible(event.createdAt)) {
      throw new Error('its id, name or time is none');
    }
    // Every event that LiveKit sends has an id; one without is known again by what it says.
    return event.id ? event : { ...event, id: createHash('sha256').update(raw).digest('hex') };
  } catch (cause) {
    throw new AppError('bad_request', 'webhook.malformed', 'The webhook is not readable.', {
      cause,
    });
  }
}

/** A time that Postgres keeps. */
function isPlausible(time: Date): boolean {
  const year = time.getUTCFullYear();
  return year >= 1970 && year <= 9999;
}

function unsigned(why: string): AppError {
  return new AppError(
    'unauthenticated',
    'webhook.unsigned',
    'The webhook is not signed by LiveKit.',
    { cause: new Error(why) },
  );
}
