import type { ParticipantInfo } from '@livekit/protocol';

/** Our own kind of participant: comes in by WHIP, which LiveKit does not tell from other ways in. */
export const WHIP_KIND = 'whip';

/** Kinds of participants that follow a role; what LiveKit brings along follows its job. */
export const KINDS_WITH_A_ROLE: ReadonlySet<string> = new Set(['standard', WHIP_KIND]);

/**
 * What a token for WHIP carries so that its participant can be told. `kind` is in no client's hands,
 * and who publishes by WHIP has no signalling to change attributes with.
 */
export const WHIP_CLAIMS = { kind: 'ingress', attribute: 'rolecall.whip' } as const;

const INGRESS = 1;

export function isWhip({
  kind,
  attributes,
}: Pick<ParticipantInfo, 'kind' | 'attributes'>): boolean {
  return Number(kind) === INGRESS && attributes[WHIP_CLAIMS.attribute] !== undefined;
}

/** The same of a token that LiveKit made for the participant. */
export function isWhipToken({
  claims,
  attributes,
}: {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly attributes: Readonly<Record<string, string>> | null;
}): boolean {
  const { kind, attribute } = WHIP_CLAIMS;
  return claims['kind'] === kind && attributes?.[attribute] !== undefined;
}
