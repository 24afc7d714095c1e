import { describe, expect, it } from '@jest/globals';
import { createHash, createHmac } from 'node:crypto';
import { AppError } from '../common/errors/app-error.js';
import { TokenSigner } from './signer.js';
import { WEBHOOK_MAX_BYTES, WebhookVerifier } from './webhook-verifier.js';

const pair = { apiKey: 'APIhook', apiSecret: 'a webhook secret of more than 32 characters' };
const verifier = new WebhookVerifier(pair, () => new Date());
const body = Buffer.from(
  '{"event":"participant_joined","id":"EV_1","createdAt":"1795000000","participant":{"sid":"PA_1","identity":"ana ❤"},"fieldOfTomorrow":1}',
);
const sha256 = (raw: Buffer) => createHash('sha256').update(raw).digest('base64');
const now = () => Math.floor(Date.now() / 1000);
const sign = (claims: Record<string, unknown>, keys = pair) =>
  new TokenSigner(keys).sign({ nbf: now(), exp: now() + 300, ...claims });

const refused = (raw: Buffer, header?: string) => {
  try {
    verifier.verify(raw, header);
    return null;
  } catch (error) {
    return error instanceof AppError ? error.code : error;
  }
};

describe('WebhookVerifier', () => {
  it('reads what LiveKit signed, also fields that it does not know', () => {
    const event = verifier.verify(body, sign({ sha256: sha256(body) }));
    expect(event).toMatchObject({ event: 'participant_joined', id: 'EV_1' });
    expect(event.participant?.identity).toBe('ana ❤');
  });

  it('bears a clock that is up to a minute off', () => {
    const header = sign({ sha256: sha256(body), nbf: now() + 55 });
    expect(verifier.verify(body, header)).toBeDefined();
  });

  it.each<[string, () => [Buffer, string | undefined]]>([
    ['no header', () => [body, undefined]],
    ['an empty header', () => [body, '']],
    ['a Bearer prefix', () => [body, `Bearer ${sign({ sha256: sha256(body) })}`]],
    ['the signature of another body', () => [body, sign({ sha256: sha256(Buffer.from('{}')) })]],
    [
      'the same JSON written differently',
      () => [
        Buffer.from(JSON.stringify(JSON.parse(body.toString()))),
        sign({ sha256: sha256(Buffer.from(` ${body.toString()}`)) }),
      ],
    ],
    ['a join token', () => [body, sign({ video: { roomJoin: true, room: 'r' }, sub: 'ana' })]],
    ['an empty hash', () => [body, sign({ sha256: '' })]],
    ['a hash cut short', () => [body, sign({ sha256: sha256(body).slice(0, 20) })]],
    ['a hash that is no text', () => [body, sign({ sha256: [sha256(body)] })]],
    ['another key', () => [body, sign({ sha256: sha256(body) }, { ...pair, apiKey: 'other' })]],
    [
      'another secret',
      () => [body, sign({ sha256: sha256(body) }, { ...pair, apiSecret: `${pair.apiSecret}.` })],
    ],
    ['a token that has expired', () => [body, sign({ sha256: sha256(body), exp: now() - 61 })]],
    ['a token of the future', () => [body, sign({ sha256: sha256(body), nbf: now() + 65 })]],
    ['algorithm none', () => [body, unsignedToken()]],
    ['algorithm HS512 with the right secret', () => [body, hs512Token()]],
  ])('refuses %s', (_what, forge) => {
    const [raw, header] = forge();
    expect(refused(raw, header)).toBe('webhook.unsigned');
  });

  it('refuses a large body before it checks the signature', () => {
    const large = Buffer.alloc(WEBHOOK_MAX_BYTES + 1, 32);
    expect(refused(large, sign({ sha256: sha256(large) }))).toBe('webhook.too_large');
  });

  it.each([
    ['an id', { id: 'EV_\0' }],
    ['a name', { event: 'room_started\0' }],
    ['a time after all times', { createdAt: '9223372036854775807' }],
    ['a time before all times', { createdAt: '-9000000000000' }],
  ])('refuses %s that cannot be kept', (_what, part) => {
    const event = { event: 'room_started', id: 'EV_2', createdAt: '1795000000', ...part };
    const raw = Buffer.from(JSON.stringify(event));
    expect(refused(raw, sign({ sha256: sha256(raw) }))).toBe('webhook.malformed');
  });

  it('refuses a signed body that is not JSON without giving it back', () => {
    const raw = Buffer.from('not json');
    expect(refused(raw, sign({ sha256: sha256(raw) }))).toBe('webhook.malformed');
  });
});

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claims = () => ({ iss: pair.apiKey, sha256: sha256(body), nbf: now(), exp: now() + 300 });

function unsignedToken(): string {
  return `${encode({ alg: 'none' })}.${encode(claims())}.`;
}

function hs512Token(): string {
  const signed = `${encode({ alg: 'HS512' })}.${encode(claims())}`;
  return `${signed}.${createHmac('sha512', pair.apiSecret).update(signed).digest('base64url')}`;
}
