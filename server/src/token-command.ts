import { readFileSync } from 'node:fs';
import type { ParseArgsConfig } from 'node:util';
import type { z } from 'zod';
import { fieldError } from './common/errors/app-error.js';
import type { Because } from './grants/policy.js';
import { type AskedGrants, isTrackSource } from './grants/narrow.js';
import { FLAG_KEYS } from './grants/grant-catalogue.js';
import { TRACK_SOURCES } from './grants/role-grants.js';
import type { issueBody } from './issuance/issuance.schemas.js';

/** The body of `POST /api/v1/tokens`, before it is checked. */
export type TokenRequest = z.input<typeof issueBody>;

/** What the issuing answers, here or by HTTP. */
export interface IssuedToken {
  token: string;
  serverUrl: string;
  identity: string;
  room: string | null;
  template: string;
  version: number;
  expiresAt: string;
}

export const TOKEN_OPTIONS = {
  room: { type: 'string', short: 'r' },
  identity: { type: 'string', short: 'i' },
  name: { type: 'string', short: 'n' },
  metadata: { type: 'string' },
  attribute: { type: 'string', multiple: true },
  'attribute-file': { type: 'string' },
  'attributes-file': { type: 'string' },
  'valid-for': { type: 'string' },
  ttl: { type: 'string' },
  template: { type: 'string' },
  reason: { type: 'string' },
  'create-room': { type: 'boolean' },
  'create-user': { type: 'boolean' },
  join: { type: 'boolean' },
  create: { type: 'boolean' },
  list: { type: 'boolean' },
  admin: { type: 'boolean' },
  egress: { type: 'boolean' },
  ingress: { type: 'boolean' },
  inference: { type: 'boolean' },
  'allow-update-metadata': { type: 'boolean' },
  'allow-source': { type: 'string', multiple: true },
  allow: { type: 'string', multiple: true },
  deny: { type: 'string', multiple: true },
  'destination-room': { type: 'string' },
  grant: { type: 'string' },
  agent: { type: 'string' },
  deployment: { type: 'string', short: 'd' },
  'job-metadata': { type: 'string' },
  json: { type: 'boolean', short: 'j' },
  'token-only': { type: 'boolean' },
  url: { type: 'string' },
  'api-key': { type: 'string' },
} as const satisfies ParseArgsConfig['options'];

export const TOKEN_USAGE = `  token create --room ROOM --identity IDENTITY [options]
      issues a token with the role that policy gives, or is refused and says by which rule

    -r, --room ROOM             the room; left out only for a template that joins none
    -i, --identity IDENTITY     who joins
    -n, --name NAME             display name
        --metadata TEXT         participant metadata
        --attribute KEY=VALUE   a participant attribute; may be repeated
        --attribute-file FILE   the same, from a file with a JSON object
        --valid-for TIME        life of the token: 5m, 1h30m (also --ttl)
        --template KEY          another role than policy gives
        --create-room, --create-user, --reason TEXT

    Grants narrow the role; they never add to it. What is not named stays as the role has it.
        --join --create --list --admin --egress --ingress --inference --allow-update-metadata
                                the role must have it, else no token is issued
        --allow-source SOURCES  publish only these: ${TRACK_SOURCES.join(',')}
        --allow GRANT           any grant by LiveKit's name (canSubscribe, hidden, sip.call …)
        --deny GRANT            leave this grant out
        --destination-room ROOM
        --grant JSON            the same as LiveKit's video grant: {"canPublish":false}

        --agent NAME            dispatch this agent when LiveKit creates the room
    -d, --deployment NAME       of the agent
        --job-metadata TEXT     for the agent's job

    -j, --json                  print {access_token, project_url, identity, name, room, grants}
        --token-only            print only the token

        --url URL               a running Rolecall, with --api-key or ROLECALL_API_KEY
                                (ROLECALL_URL); without it, the instance on this machine`;

type Values = Readonly<Record<string, string | boolean | string[] | undefined>>;

/** What the flags ask for. Throws `AppError`s that name the flag. */
export function readTokenRequest(given: Values): TokenRequest {
  if (given.json && given['token-only'])
    throw fieldError('--json', 'does not go with --token-only');
  const fromGrant = readGrant(textOf(given.grant));
  const grants = { ...fromGrant.grants, ...readFlags(given) } as NonNullable<
    TokenRequest['grants']
  >;
  return withoutUndefined({
    room: textOf(given.room) ?? fromGrant.room,
    identity: textOf(given.identity),
    template: textOf(given.template),
    ttl: textOf(given['valid-for']) ?? textOf(given.ttl),
    name: textOf(given.name),
    metadata: textOf(given.metadata),
    attributes: readAttributes(given),
    grants: Object.keys(grants).length > 0 ? grants : undefined,
    agents: readAgent(given),
    reason: textOf(given.reason),
    createRoom: given['create-room'] === true ? true : undefined,
    createUser: given['create-user'] === true ? true : undefined,
  });
}

const FLAGS: Readonly<Record<string, keyof AskedGrants>> = {
  join: 'roomJoin',
  create: 'roomCreate',
  list: 'roomList',
  admin: 'roomAdmin',
  egress: 'roomRecord',
  ingress: 'ingressAdmin',
  'allow-update-metadata': 'canUpdateOwnMetadata',
};

function readFlags(given: Values): AskedGrants {
  const asked: Record<string, unknown> = {};
  for (const [flag, grant] of Object.entries(FLAGS)) if (given[flag] === true) asked[grant] = true;
  if (given.inference === true) setGrant(asked, 'inference.perform', true);
  for (const grant of listOf(given.allow)) setGrant(asked, known('--allow', grant), true);
  for (const grant of listOf(given.deny)) setGrant(asked, known('--deny', grant), false);
  const sources = listOf(given['allow-source']).flatMap((text) => text.split(','));
  if (sources.length > 0) asked['canPublishSources'] = sources.map(toSource);
  const destination = textOf(given['destination-room']);
  if (destination !== undefined) asked['destinationRoom'] = destination;
  return asked;
}

function setGrant(asked: Record<string, unknown>, grant: string, value: boolean): void {
  const [outer, inner] = grant.split('.') as [string, string | undefined];
  asked[outer] =
    inner === undefined ? value : { ...(asked[outer] as object | undefined), [inner]: value };
}

function known(flag: string, grant: string): string {
  if ((FLAG_KEYS as readonly string[]).includes(grant)) return grant;
  throw fieldError(flag, `${grant} is no grant; there are ${FLAG_KEYS.join(', ')}`);
}

function toSource(text: string): string {
  const source = text.trim().toLowerCase();
  if (isTrackSource(source)) return source;
  throw fieldError('--allow-source', `${text} is none of ${TRACK_SOURCES.join(', ')}`);
}

/** The JSON of a video grant; the room may be in it. */
function readGrant(text: string | undefined): { grants: object; room?: string } {
  if (text === undefined) return { grants: {} };
  const { room, canPublishSources, ...rest } = parseObject('--grant', text);
  if (room !== undefined && typeof room !== 'string')
    throw fieldError('--grant', 'room: is no text');
  const sources = Array.isArray(canPublishSources)
    ? { canPublishSources: canPublishSources.map((one) => toSource(String(one))) }
    : {};
  return { grants: { ...rest, ...sources }, ...(room === undefined ? {} : { room }) };
}

/** As lk reads them: a comma separates pairs, and a file wins. */
function readAttributes(given: Values): Record<string, string> | undefined {
  const pairs = listOf(given.attribute).flatMap((text) => {
    const parts = text.split(',');
    return parts.every((part) => part.includes('=')) ? parts : [text];
  });
  const attributes: Record<string, string> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw fieldError('--attribute', `write key=value, not ${pair}`);
    attributes[pair.slice(0, at)] = pair.slice(at + 1);
  }
  const file = textOf(given['attribute-file']) ?? textOf(given['attributes-file']);
  if (file !== undefined)
    Object.assign(attributes, parseObject('--attribute-file', readText(file)));
  return Object.keys(attributes).length > 0 ? attributes : undefined;
}

function readAgent(given: Values): TokenRequest['agents'] {
  const agentName = textOf(given.agent);
  const [metadata, deployment] = [textOf(given['job-metadata']), textOf(given.deployment)];
  if (agentName !== undefined) return [withoutUndefined({ agentName, metadata, deployment })];
  if (metadata === undefined && deployment === undefined) return undefined;
  throw fieldError('--agent', 'is required with --job-metadata and --deployment');
}

/** For people, or in lk's own form. Details go to stderr, so that stdout is what a program reads. */
export function printToken(
  issued: IssuedToken,
  mode: { json: boolean; tokenOnly: boolean },
  out: { log(text: string): void; error(text: string): void } = console,
): void {
  const { token, serverUrl, identity, room, template, version, expiresAt } = issued;
  if (mode.tokenOnly) return out.log(token);
  const grants = claimsOf(token);
  const name = typeof grants['name'] === 'string' ? grants['name'] : identity;
  if (mode.json) {
    const shown = { access_token: token, project_url: serverUrl, identity, name, room: room ?? '' };
    return out.log(JSON.stringify({ ...shown, grants }, null, 2));
  }
  out.error(`${template} version ${version}, until ${expiresAt}`);
  out.log(`Token grants:\n${JSON.stringify(grants, null, 2)}\n`);
  out.log(`Project URL: ${serverUrl}`);
  out.log(`Access token: ${token}`);
}

/** The refusal, and the rules that decided it. */
export function refusalText(message: string, because: readonly Because[] = []): string {
  const rules = because
    .filter(({ outcome, text }) => outcome === 'wins' && text !== message)
    .map(({ rule, text }) => `  ${rule}: ${text}`);
  return [message, ...rules].join('\n');
}

/** Asks a Rolecall that runs elsewhere. Throws what it answers, with the rule that refused. */
export async function issueByHttp(
  url: string,
  key: string,
  body: TokenRequest,
): Promise<IssuedToken> {
  const response = await fetch(new URL('/api/v1/tokens', url), {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  }).catch((error: unknown) => {
    const { message, cause } = error as Error & { cause?: Error };
    throw new TypeError(`Rolecall at ${url} cannot be reached: ${cause?.message ?? message}`);
  });
  const answer = (await response.json().catch(() => ({}))) as Partial<IssuedToken> & {
    detail?: string;
    because?: Because[];
  };
  if (response.ok) return answer as IssuedToken;
  const text = answer.detail ?? `Rolecall at ${url} answered ${response.status}.`;
  throw new TypeError(refusalText(text, answer.because));
}

/** Without what says who signed it, and when it is valid. */
function claimsOf(token: string): Record<string, unknown> {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  const {
    iss: _iss,
    sub,
    iat: _iat,
    nbf: _nbf,
    exp: _exp,
    jti: _jti,
    ...grants
  } = JSON.parse(payload) as Record<string, unknown>;
  return { identity: sub, ...grants };
}

function textOf(value: Values[string]): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function listOf(value: Values[string]): string[] {
  return Array.isArray(value) ? value : [];
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw fieldError('--attribute-file', (error as Error).message);
  }
}

function parseObject(flag: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fieldError(flag, 'is no valid JSON');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw fieldError(flag, 'must be a JSON object');
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(
    Object.entries(value).filter(([, one]) => one !== undefined),
  ) as unknown as T;
}
