import { KIND_GROUPS } from '../kind-groups.js';
import type { LedgerKind } from '../ledger-kinds.js';

/** The version of https://schema.ocsf.io that events have. */
export const OCSF_VERSION = '1.8.0';

/** The classes of OCSF that are used: their number, and that of their category. */
export const OCSF_CLASSES = {
  account_change: { uid: 3001, category: 3 },
  authentication: { uid: 3002, category: 3 },
  authorize_session: { uid: 3003, category: 3 },
  user_access: { uid: 3005, category: 3 },
  detection_finding: { uid: 2004, category: 2 },
  api_activity: { uid: 6003, category: 6 },
} as const;
export type OcsfClass = keyof typeof OCSF_CLASSES;

export interface OcsfType {
  readonly name: OcsfClass;
  /** As the class numbers its activities; 99: another one, which `metadata.event_code` names. */
  readonly activity: number;
}

const OTHER = 99;
const type = (name: OcsfClass, activity: number): OcsfType => ({ name, activity });

const LOGON = type('authentication', 1);
const LOGOFF = type('authentication', 2);
const ASSIGN = type('user_access', 1);
const REVOKE = type('user_access', 2);
/** A token is the session that it opens; its grants are the privileges of that session. */
const SESSION = type('authorize_session', 1);
const FINDING = type('detection_finding', 1);
const api = { create: 1, read: 2, update: 3, delete: 4, other: OTHER } as const;

/** What an alarm is about, and what says that the log itself is not what it should be. */
const FINDINGS: readonly string[] = [
  ...KIND_GROUPS.unexplained,
  'ledger.witness_alarm',
  'ledger.sealing_stopped',
];

const OF_KIND: Readonly<Partial<Record<LedgerKind, OcsfType>>> = {
  'token.issued': SESSION,
  'token.refused': SESSION,
  'gate.admitted': LOGON,
  'gate.refused': LOGON,
  'participant.joined': LOGON,
  'participant.left': LOGOFF,
  'participant.aborted': LOGOFF,
  'operator.signed_in': LOGON,
  'operator.signed_out': LOGOFF,
  'operator.sign_in_refused': LOGON,
  'api_key.refused': LOGON,

  'seat.promoted': ASSIGN,
  'seat.lease_extended': ASSIGN,
  'seat.unblocked': ASSIGN,
  'seat.released': ASSIGN,
  'seat.hold_ended': ASSIGN,
  'seat.block_ended': ASSIGN,
  'seat.demoted': REVOKE,
  'seat.blocked': REVOKE,
  'seat.removed': REVOKE,
  'seat.muted': REVOKE,
  'seat.held': REVOKE,
  'seat.silenced': REVOKE,
  'seat.lease_ended': REVOKE,
  'assignment.created': ASSIGN,
  'assignment.updated': type('user_access', OTHER),
  'assignment.deleted': REVOKE,

  'user.created': type('account_change', 1),
  'user.updated': type('account_change', OTHER),
  'user.suspended': type('account_change', 5),
  'user.unsuspended': type('account_change', 2),
  'user.deleted': type('account_change', 6),
  'operator.created': type('account_change', 1),
  'operator.updated': type('account_change', OTHER),
  'operator.disabled': type('account_change', 5),
  'operator.enabled': type('account_change', 2),
  'operator.password_changed': type('account_change', 3),
  'operator.password_reset': type('account_change', 4),
  'api_key.created': type('account_change', 1),
  'api_key.revoked': type('account_change', 6),
};

const ACTIVITY_OF_VERB: readonly (readonly [RegExp, number])[] = [
  [/\.(.*_)?(added|created|started|placed|raised|sent|saved|published|issued)$/, api.create],
  [/\.(read|previewed|peeked|exported|verified|challenged|reviewed)$/, api.read],
  [
    /\.(.*_)?(deleted|removed|revoked|ended|erased|forgotten|lifted|expired|finished|lowered|cancelled|voided|discarded)$/,
    api.delete,
  ],
  [/\.(.*_)?(updated|changed|closed|opened|archived|unarchived|rotated|entered|left)$/, api.update],
];

/** The class and activity of a kind of entry; what has no closer class is a call of the API. */
export function ocsfTypeOf(kind: string): OcsfType {
  if (FINDINGS.includes(kind)) return FINDING;
  const known = (OF_KIND as Readonly<Record<string, OcsfType>>)[kind];
  if (known) return known;
  const verb = ACTIVITY_OF_VERB.find(([pattern]) => pattern.test(kind));
  return type('api_activity', verb?.[1] ?? api.other);
}
