/**
 * The outcomes that entries of a kind have. `done`: one entry, ok. `refusal`: one entry, refused.
 * `change`: what LiveKit has to be told, from its intent to what came of it; ok where it has not.
 */
export type OutcomeFamily = 'done' | 'refusal' | 'change';

export const OUTCOMES_OF: Readonly<Record<OutcomeFamily, readonly string[]>> = {
  done: ['ok'],
  refusal: ['refused'],
  change: ['ok', 'intent', 'applied', 'pending', 'failed', 'superseded'],
};

export interface LedgerKindDeclaration {
  readonly outcomes: OutcomeFamily;
  /**
   * Top-level members of the payload that speak of a person: who they are, how they are reached, what
   * was said of them. They can be erased; the rest is in the leaf for good.
   */
  readonly personal: readonly string[];
  /** Whom the personal members speak of, where the entry names no identity. */
  readonly speaksOf?: 'actor' | 'operator';
  readonly what: string;
}

const OF_OPERATOR = {
  outcomes: 'done',
  personal: ['after', 'before', 'email', 'operator'],
  speaksOf: 'operator',
} as const;
/**
 * Operations on seats: `desired` is what is set on the seat from then on, with who set it and why;
 * `detail` quotes what LiveKit answered.
 */
const OF_SEAT = { outcomes: 'change', personal: ['desired', 'detail'] } as const;
const OF_REQUEST = { outcomes: 'done', personal: ['invitedBy', 'note'] } as const;
const OF_USER = { outcomes: 'done', personal: ['after', 'before', 'user'] } as const;
const OF_PARTICIPANT = { outcomes: 'done', personal: ['name'] } as const;
/** What is searched for may name people. */
const OF_VIEW = { outcomes: 'done', personal: ['after', 'before'], speaksOf: 'actor' } as const;
/** A hold on a person names them in the entry itself. */
const OF_HOLD = { outcomes: 'done', personal: ['operator'], speaksOf: 'operator' } as const;
const DONE = { outcomes: 'done', personal: [] } as const;

/** Every kind of ledger entry. What is not listed here cannot be written. */
export const LEDGER_KINDS = {
  'token.issued': {
    outcomes: 'done',
    personal: ['because', 'claims', 'peeksAt'],
    what: 'A token was signed and handed out',
  },
  'token.refused': { outcomes: 'refusal', personal: ['because'], what: 'A token was refused' },
  'token.previewed': {
    outcomes: 'done',
    personal: ['also', 'userId'],
    speaksOf: 'actor',
    what: 'Somebody asked what a token would be, or a sum of questions',
  },
  'token.voided': { ...DONE, what: 'Tokens from before stopped working' },

  'seat.promoted': { ...OF_SEAT, what: 'Somebody got a higher role' },
  'seat.demoted': { ...OF_SEAT, what: 'A promotion ended, or somebody got a lower role' },
  'seat.lease_extended': { ...OF_SEAT, what: 'A promotion ends later' },
  'seat.blocked': { ...OF_SEAT, what: 'Somebody was removed and is kept out' },
  'seat.unblocked': { ...OF_SEAT, what: 'Somebody may come back' },
  'seat.removed': { ...OF_SEAT, what: 'Somebody was disconnected' },
  'seat.muted': { ...OF_SEAT, what: 'Tracks of somebody were muted' },
  'seat.held': { ...OF_SEAT, what: 'Somebody was muted and may not unmute' },
  'seat.released': { ...OF_SEAT, what: 'Somebody may unmute again' },
  'seat.silenced': { ...DONE, what: 'Nothing is heard of somebody since an act' },
  'seat.peeked': {
    outcomes: 'done',
    personal: ['as'],
    what: 'A moderator began to watch somebody, hidden',
  },
  'seat.peek_ended': { ...OF_SEAT, what: 'A moderator stopped watching' },
  'seat.lease_ended': { ...OF_SEAT, what: 'A promotion expired' },
  'seat.hold_ended': { ...OF_SEAT, what: 'A hold expired' },
  'seat.block_ended': { ...OF_SEAT, what: 'A block expired' },
  'seat.updated': {
    ...OF_SEAT,
    personal: ['because', 'desired', 'detail'],
    what: 'A newer policy was brought to LiveKit',
  },
  'seat.state_recorded': {
    outcomes: 'done',
    personal: ['desired'],
    what: 'What is set on a seat was written down',
  },
  'seat.brought': { ...DONE, what: 'What a stranger brings along was noted, or given back' },
  'seat.set_aside': { ...DONE, what: 'What a scene or a hold takes from a stranger was noted' },
  'seat.ceiling_lifted': { ...DONE, what: 'A ceiling of a connection holds no longer' },
  'seat.readmitted': {
    ...DONE,
    what: 'Somebody came with a token that is newer than the voided ones',
  },
  'seat.session_ended': {
    outcomes: 'done',
    personal: ['desired'],
    what: 'The session ended, and with it what it gave',
  },

  'scene.entered': {
    outcomes: 'done',
    personal: ['before', 'scene'],
    speaksOf: 'actor',
    what: 'A room plays a scene',
  },
  'scene.left': {
    outcomes: 'done',
    personal: ['before', 'scene'],
    speaksOf: 'actor',
    what: 'A room plays its scene no longer',
  },
  'scene.created': { ...DONE, what: 'A scene was added' },
  'scene.updated': { ...DONE, what: 'A scene was changed' },
  'scene.deleted': {
    outcomes: 'done',
    personal: ['before'],
    speaksOf: 'actor',
    what: 'A scene was deleted',
  },

  'bulk.started': {
    outcomes: 'done',
    personal: ['filter'],
    speaksOf: 'actor',
    what: 'An act on many seats began',
  },
  'bulk.paused': { ...DONE, what: 'It waits' },
  'bulk.resumed': { ...DONE, what: 'It goes on' },
  'bulk.cancelled': {
    outcomes: 'done',
    personal: ['because'],
    speaksOf: 'actor',
    what: 'The rest of it is not done',
  },
  'bulk.retried': { ...DONE, what: 'What failed of it is tried again' },
  'bulk.finished': { ...DONE, what: 'Every seat of it has its outcome' },

  'stage.hand_raised': { ...OF_REQUEST, what: 'A participant asked to come up' },
  'stage.hand_lowered': { ...OF_REQUEST, what: 'They took that back' },
  'stage.hand_approved': { ...OF_REQUEST, what: 'A moderator said yes' },
  'stage.hand_declined': { ...OF_REQUEST, what: 'A moderator said no' },
  'stage.hand_expired': { ...OF_REQUEST, what: 'They left before an answer' },
  'stage.invite_sent': { ...OF_REQUEST, what: 'A moderator asked them to come up' },
  'stage.invite_accepted': { ...OF_REQUEST, what: 'They came up' },
  'stage.invite_declined': { ...OF_REQUEST, what: 'They did not want to' },
  'stage.invite_expired': { ...OF_REQUEST, what: 'They did not answer in time' },
  'stage.unmute_asked': { ...OF_REQUEST, what: 'A moderator asked them to unmute' },
  'stage.unmute_accepted': { ...OF_REQUEST, what: 'They did' },
  'stage.unmute_declined': { ...OF_REQUEST, what: 'They did not want to' },
  'stage.unmute_expired': { ...OF_REQUEST, what: 'They did not answer in time' },
  'stage.limit_changed': { ...DONE, what: 'A role has another number of places' },

  'drift.detected': {
    outcomes: 'done',
    personal: ['because'],
    what: 'LiveKit gives somebody other rights than their role',
  },
  'drift.repaired': { outcomes: 'change', personal: ['because'], what: 'They got the right ones' },

  'gate.admitted': { outcomes: 'done', personal: ['because'], what: 'A connect was let through' },
  'gate.refused': { outcomes: 'refusal', personal: ['because'], what: 'A connect was refused' },

  'participant.joined': { ...OF_PARTICIPANT, what: 'LiveKit has a new participant' },
  'participant.left': { ...OF_PARTICIPANT, what: 'A participant left' },
  'participant.aborted': {
    ...OF_PARTICIPANT,
    what: 'A connection was lost before it was complete',
  },
  'participant.unlisted': { ...DONE, what: 'Somebody is in a room without a token of ours' },

  'room.created': { ...DONE, what: 'A room was added' },
  'room.updated': { outcomes: 'change', personal: [], what: 'A room was changed' },
  'room.closed': { outcomes: 'change', personal: [], what: 'A room takes nobody in' },
  'room.opened': { ...DONE, what: 'A room takes people in again' },
  'room.deleted': { outcomes: 'change', personal: [], what: 'A room was deleted' },
  'room.started': { ...DONE, what: 'LiveKit runs the room' },
  'room.finished': { ...DONE, what: 'LiveKit runs the room no longer' },

  'user.created': { ...OF_USER, what: 'A user was added' },
  'user.updated': { ...OF_USER, what: 'A user was changed' },
  'user.suspended': { ...OF_USER, what: 'A user gets no tokens' },
  'user.unsuspended': { ...OF_USER, what: 'A user gets tokens again' },
  'user.deleted': { ...OF_USER, what: 'A user was deleted' },

  'template.created': { ...DONE, what: 'A role template was added' },
  'template.updated': { ...DONE, what: 'Its name, description or color was changed' },
  'template.draft_saved': { ...DONE, what: 'Its draft was changed' },
  'template.draft_discarded': { ...DONE, what: 'Its draft was thrown away' },
  'template.published': { ...DONE, what: 'It has a new version' },
  'template.archived': { ...DONE, what: 'It can be given no longer' },
  'template.unarchived': { ...DONE, what: 'It can be given again' },
  'template.deleted': { ...DONE, what: 'A template that never granted anything was deleted' },

  'assignment.created': { outcomes: 'done', personal: ['after'], what: 'A role was assigned' },
  'assignment.updated': {
    outcomes: 'done',
    personal: ['after', 'before', 'record', 'subject'],
    what: 'An assignment was changed',
  },
  'assignment.deleted': { outcomes: 'done', personal: ['before'], what: 'An assignment ended' },

  'operator.created': { ...OF_OPERATOR, what: 'An operator was added' },
  'operator.updated': { ...OF_OPERATOR, what: 'An operator was changed' },
  'operator.disabled': { ...OF_OPERATOR, what: 'An operator can sign in no longer' },
  'operator.enabled': { ...OF_OPERATOR, what: 'An operator can sign in again' },
  'operator.password_reset': { ...OF_OPERATOR, what: 'Somebody else set their password' },
  'operator.password_changed': { ...DONE, what: 'They changed their password' },
  'operator.signed_in': { ...DONE, what: 'An operator signed in' },
  'operator.signed_out': { ...DONE, what: 'An operator signed out' },
  'operator.sign_in_refused': {
    outcomes: 'refusal',
    personal: ['addresses'],
    speaksOf: 'actor',
    what: 'A wrong password, or a sum of them',
  },

  'api_key.created': { ...DONE, what: 'An API key was made' },
  'api_key.refused': {
    outcomes: 'refusal',
    personal: ['also'],
    speaksOf: 'actor',
    what: 'A key that opens nothing, or a sum of them',
  },
  'api_key.revoked': { ...DONE, what: 'An API key opens nothing any longer' },

  'access.refused': { outcomes: 'refusal', personal: [], what: 'Somebody tried what they may not' },

  'settings.changed': { ...DONE, what: 'A server started with other settings' },

  'demo.removed': {
    outcomes: 'done',
    personal: ['identities'],
    what: 'The sample data was removed',
  },

  'ledger.read': {
    outcomes: 'done',
    personal: ['also', 'filter'],
    speaksOf: 'actor',
    what: 'Somebody looked into the log, or a sum of looks',
  },
  'ledger.reviewed': {
    outcomes: 'done',
    personal: ['findings', 'note'],
    speaksOf: 'actor',
    what: 'An auditor signed off a part of the log',
  },
  'ledger.view_created': { ...OF_VIEW, what: 'A search of the log was saved for the team' },
  'ledger.view_updated': { ...OF_VIEW, what: 'A saved search was changed' },
  'ledger.view_deleted': { ...OF_VIEW, what: 'A saved search was deleted' },
  'room.unexplained': { ...DONE, what: 'LiveKit runs a room that nobody here began' },
  'room.changed_elsewhere': {
    outcomes: 'done',
    personal: ['metadata'],
    speaksOf: 'actor',
    what: 'The metadata of a room was changed at LiveKit',
  },
  'participant.changed_elsewhere': {
    outcomes: 'done',
    personal: ['after'],
    what: 'The name, metadata or attributes of somebody were changed at LiveKit',
  },
  'egress.unexplained': { ...DONE, what: 'LiveKit records or streams what nobody here began' },
  'ingress.unexplained': { ...DONE, what: 'LiveKit has an ingress that nobody here made' },
  'dispatch.unexplained': { ...DONE, what: 'LiveKit calls an agent that nobody here asked for' },
  'policy.changed_directly': {
    outcomes: 'done',
    personal: ['after', 'before', 'key'],
    speaksOf: 'actor',
    what: 'Policy was changed in Postgres, past Rolecall',
  },
  'policy.watch_stopped': {
    ...DONE,
    what: 'A trigger that notices direct changes of policy is off, or was',
  },
  'alarm.acknowledged': { ...DONE, what: 'Somebody has looked at an alarm' },

  'ledger.verified': { ...DONE, what: 'The ledger was verified' },
  'ledger.challenged': { ...DONE, what: 'Random entries were decided again from the log' },
  'ledger.export_started': {
    outcomes: 'done',
    personal: ['filter'],
    speaksOf: 'actor',
    what: 'An export began',
  },
  'ledger.exported': {
    outcomes: 'done',
    personal: ['filter'],
    speaksOf: 'actor',
    what: 'Entries were exported',
  },
  'ledger.export_stopped': { ...DONE, what: 'An export ended before it was whole' },
  'ledger.witness_alarm': { ...DONE, what: 'A witness has proof that the log was changed' },

  'ledger.erased': { ...DONE, what: 'Parts of entries about a person were erased' },
  'ledger.rule_added': { ...DONE, what: 'A rule says how long entries are kept' },
  'ledger.rule_changed': { ...DONE, what: 'It says something else' },
  'ledger.rule_removed': { ...DONE, what: 'It says nothing any longer' },
  'ledger.hold_placed': { ...OF_HOLD, what: 'Entries are kept whatever the rules say' },
  'ledger.hold_lifted': { ...OF_HOLD, what: 'Rules decide about them again' },
  'ledger.forgotten': {
    ...DONE,
    what: 'Entries went from the database into an archive, by a rule',
  },
  'ledger.key_rotated': { ...DONE, what: 'The ledger is signed with new keys' },
  'ledger.sealing_stopped': { ...DONE, what: 'A server refuses to sign the ledger as it is' },
  'ledger.sealing_resumed': { ...DONE, what: 'It signs the ledger again' },
} as const satisfies Readonly<Record<string, LedgerKindDeclaration>>;

export type LedgerKind = keyof typeof LEDGER_KINDS;

const PERSONAL: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(LEDGER_KINDS).map(([kind, { personal }]) => [kind, personal]),
);

/** Members of its payloads that speak of a person; null for a kind that nobody declared. */
export function personalMembersOf(kind: string): readonly string[] | null {
  return PERSONAL.get(kind) ?? null;
}

/** Kinds that come by themselves, with each connect: the index on kinds leaves them out. */
export const FREQUENT_KINDS: readonly string[] = [
  'token.issued',
  'gate.admitted',
  'participant.joined',
  'participant.left',
  'room.started',
  'room.finished',
] satisfies readonly LedgerKind[];
