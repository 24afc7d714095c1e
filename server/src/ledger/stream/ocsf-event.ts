import { isIP } from 'node:net';
import { version } from '../../common/version.js';
import { ledgerId } from '../ledger-entry.js';
import { commitmentsIn, instantOf, leafHashOfText, leafText, type StoredEntry } from '../leaf.js';
import { LEDGER_KINDS } from '../ledger-kinds.js';
import { OCSF_CLASSES, OCSF_VERSION, ocsfTypeOf } from './ocsf-classes.js';

type Json = Record<string, unknown>;

const SEVERITY = { informational: 1, low: 2, medium: 3, high: 4, critical: 5 } as const;
const STATUS = { success: 1, failure: 2, other: 99 } as const;
const LONGEST_IP = 40;
/** What OCSF calls those who act. */
const TYPE_OF_ACTOR: Readonly<Record<string, number>> = {
  operator: 2,
  api_key: 4,
  system: 3,
  participant: 1,
  user: 1,
};

/** An entry of the log as an event of OCSF. Without people where `hasPeople` is false. */
export function ocsfEvent(
  leaf: number,
  entry: StoredEntry,
  origin: string,
  hasPeople: boolean,
): Json {
  const { kind, outcome } = entry;
  const { name, activity } = ocsfTypeOf(kind);
  const { uid, category } = OCSF_CLASSES[name];
  const facts = factsOf(entry, hasPeople);
  const raw = leafText(entry);
  return {
    metadata: {
      version: OCSF_VERSION,
      uid: ledgerId(entry),
      sequence: leaf,
      event_code: kind,
      log_name: origin,
      original_time: instantOf(entry.atMicros),
      ...(entry.requestId !== null && { correlation_uid: entry.requestId }),
      product: { name: 'Rolecall', vendor_name: 'Rolecall', version },
    },
    time: Math.floor(Number(BigInt(entry.atMicros) / 1_000n)),
    category_uid: category,
    class_uid: uid,
    activity_id: activity,
    type_uid: uid * 100 + activity,
    severity_id: severityOf(kind, outcome, name),
    status_id: name === 'detection_finding' ? 1 : statusOf(outcome),
    status_detail: outcome,
    message: (LEDGER_KINDS as Readonly<Record<string, { what: string }>>)[kind]?.what ?? kind,
    ...membersOf(name, entry, facts),
    raw_data: raw,
    unmapped: {
      leaf,
      leaf_hash: leafHashOfText(raw).toString('hex'),
      outcome,
      room: entry.room,
      ...(hasPeople && { reason: entry.reason, personal: facts.personal }),
    },
  };
}

interface Facts {
  readonly payload: Json;
  readonly personal: Json;
  readonly actor: Json;
  readonly user: Json;
  readonly ip: string | null;
}

function factsOf(entry: StoredEntry, hasPeople: boolean): Facts {
  const payload = JSON.parse(entry.payload) as Json;
  const personal = (hasPeople && entry.personal !== null ? JSON.parse(entry.personal) : {}) as Json;
  const commitments = commitmentsIn(entry);
  const actorUser = userOf(
    hasPeople ? [entry.actorId, entry.actorLabel] : [],
    commitments.actor,
    TYPE_OF_ACTOR[entry.actorKind],
  );
  const { identity } = entry;
  const names = [textIn(personal, 'operator'), textIn(personal, 'user'), textIn(personal, 'email')];
  const named = hasPeople ? (identity === null ? names : [identity, identity]) : [];
  const isAboutSomebody = identity !== null || commitments.subject !== null;
  return {
    payload,
    personal,
    actor: entry.actorKind === 'system' ? { app_name: 'Rolecall' } : { user: actorUser },
    // Who signs in is who acts.
    user: isAboutSomebody
      ? userOf(
          named.filter((name) => name !== null),
          commitments.subject,
          undefined,
        )
      : actorUser,
    ip:
      hasPeople && entry.ip !== null && isIP(entry.ip) !== 0 && entry.ip.length <= LONGEST_IP
        ? entry.ip
        : null,
  };
}

/** By the commitment in the leaf where nothing else is known: the same person is another one each time. */
function userOf(
  [uid, name = uid]: readonly (string | null)[],
  commitment: string | null,
  typeId: number | undefined,
): Json {
  return {
    uid: uid ?? (commitment === null ? 'unknown' : `sha256:${commitment}`),
    ...(name != null && { name }),
    ...(typeId !== undefined && { type_id: typeId }),
  };
}

function membersOf(name: keyof typeof OCSF_CLASSES, entry: StoredEntry, facts: Facts): Json {
  const { actor, user, ip } = facts;
  const endpoint = ip === null ? {} : { src_endpoint: { ip } };
  const service = { name: 'Rolecall' };
  switch (name) {
    case 'account_change':
      return { actor, user, ...endpoint };
    case 'authentication':
      return { actor, user, service, ...endpoint };
    case 'authorize_session':
      return { actor, user, privileges: privilegesOf(entry, facts), ...endpoint };
    case 'user_access':
      return { actor, user, privileges: privilegesOf(entry, facts), ...endpoint };
    case 'detection_finding':
      return {
        finding_info: { uid: ledgerId(entry), title: entry.kind },
        ...(entry.room !== null && { resources: [{ name: entry.room, type: 'room' }] }),
      };
    case 'api_activity':
      return {
        actor,
        api: {
          operation: entry.kind,
          service,
          ...(entry.requestId !== null && { request: { uid: entry.requestId } }),
        },
        // The class wants one; what Rolecall does by itself comes from nowhere else.
        src_endpoint: ip === null ? { svc_name: 'Rolecall' } : { ip },
        ...(entry.room !== null && { resources: [{ name: entry.room, type: 'room' }] }),
      };
  }
}

/** The role, and the grants that are on; never empty. */
function privilegesOf({ kind }: StoredEntry, { payload }: Facts): string[] {
  const { grants, template, after, before } = payload;
  const of = (value: unknown): unknown =>
    typeof value === 'object' && value !== null ? (value as Json).template : undefined;
  const role = [template, of(after), of(before)].find((one) => typeof one === 'string');
  const given =
    typeof grants === 'object' && grants !== null
      ? Object.entries(grants).flatMap(([grant, value]) => (value === true ? [grant] : []))
      : [];
  const all = [...(role === undefined ? [] : [`role:${role as string}`]), ...given];
  return all.length > 0 ? all : [kind];
}

function severityOf(kind: string, outcome: string, name: keyof typeof OCSF_CLASSES): number {
  if (kind === 'ledger.witness_alarm' || kind === 'ledger.sealing_stopped') {
    return SEVERITY.critical;
  }
  if (name === 'detection_finding') return SEVERITY.high;
  if (outcome === 'failed') return SEVERITY.medium;
  return outcome === 'refused' ? SEVERITY.low : SEVERITY.informational;
}

function statusOf(outcome: string): number {
  if (outcome === 'ok' || outcome === 'applied') return STATUS.success;
  return outcome === 'refused' || outcome === 'failed' ? STATUS.failure : STATUS.other;
}

function textIn(members: Json, name: string): string | null {
  const value = members[name];
  return typeof value === 'string' ? value : null;
}
