import { SYSTEM_ACTOR } from '../actor/actor.js';
import { canonicalJson } from '../common/canonical-json.js';
import { version } from '../common/version.js';
import type { AppConfig } from '../config/app-config.js';
import type { Tx } from '../ledger/transactions.js';

/**
 * What decides who gets in, and what is written down of it. No secret is in it, and nothing of the
 * machine: servers of one installation are set alike.
 */
function settingsOf(config: AppConfig): Record<string, unknown> {
  const { livekit, userJwt, ledgerMirror, ledgerStreams } = config;
  return {
    version,
    publicUrl: config.publicUrl,
    livekitUrl: livekit.url,
    livekitClientUrl: livekit.clientUrl,
    livekitApiKey: livekit.url === null ? null : livekit.apiKey,
    livekitWebhookApiKey: livekit.url === null ? null : livekit.webhookApiKey,
    tokenTtl: config.tokenTtl,
    tokenTtlMax: config.tokenTtlMax,
    gate: config.isGateOn,
    forwardAuth: config.gateSecret !== null,
    whip: config.isWhipOn,
    sweep: config.sweep,
    lurkers: config.lurkers,
    ledgerMirror: ledgerMirror.kind,
    ledgerArchive: config.ledgerArchive !== null,
    ledgerWitnesses: config.ledgerWitnesses !== null,
    ledgerWitnessDeadline: config.ledgerWitnessDeadline,
    ledgerStreams: ledgerStreams.destinations.map(({ name, url }) => `${name}=${url}`),
    ledgerStreamPeople: ledgerStreams.hasPeople,
    userJwt: userJwt && {
      issuer: userJwt.issuer,
      audience: userJwt.audience,
      identityClaim: userJwt.identityClaim,
      keys:
        'jwksUrl' in userJwt.keys
          ? `${userJwt.keys.jwksUrl.origin}${userJwt.keys.jwksUrl.pathname}`
          : 'one public key',
    },
    corsOrigins: config.corsOrigins,
    trustProxy: config.trustProxy,
    rateOperator: config.rateOperator,
    rateSignIn: config.rateSignIn,
    rateConnect: config.rateConnect,
    rateUser: config.rateUser,
    rateUserAddress: config.rateUserAddress,
  };
}

/** An entry with what differs from the last start, of whichever server. */
export async function recordSettings(tx: Tx, config: AppConfig): Promise<void> {
  const after = JSON.parse(JSON.stringify(settingsOf(config))) as Record<string, unknown>;
  const { rows } = await tx.query<{ settings: Record<string, unknown> }>(
    'SELECT settings FROM recorded_settings FOR UPDATE',
  );
  const before = rows[0]?.settings ?? {};
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => canonicalJson(before[name] ?? null) !== canonicalJson(after[name] ?? null),
  );
  if (changed.length === 0) return;
  await tx.query(
    `INSERT INTO recorded_settings (settings) VALUES ($1)
     ON CONFLICT (is_only) DO UPDATE SET settings = EXCLUDED.settings`,
    [JSON.stringify(after)],
  );
  const only = (all: Record<string, unknown>) =>
    Object.fromEntries(changed.map((name) => [name, all[name] ?? null]));
  tx.record({
    kind: 'settings.changed',
    outcome: 'ok',
    actor: SYSTEM_ACTOR,
    payload: { before: rows[0] ? only(before) : null, after: only(after) },
  });
}
