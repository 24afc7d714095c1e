import { ACT_NAMES, ACTS } from '@rolecall/server/acts';

const kindsOfActs = (family: string) =>
  ACT_NAMES.map((name) => ACTS[name].ledgerKind.split('.'))
    .filter(([first]) => first === family)
    .map(([, kind]) => kind as string);

/** The kinds of entries by family; a family as a whole can be asked for as `seat.*`. */
const FAMILIES: Record<string, readonly string[]> = {
  token: ['issued', 'refused', ...kindsOfActs('token')],
  seat: [
    ...kindsOfActs('seat'),
    'silenced',
    'peek_ended',
    'lease_ended',
    'hold_ended',
    'block_ended',
    'session_ended',
    'updated',
  ],
  scene: ['entered', 'left', 'created', 'updated', 'deleted'],
  bulk: ['started', 'paused', 'resumed', 'cancelled', 'retried', 'finished'],
  stage: [
    'hand_raised',
    'hand_lowered',
    ...kindsOfActs('stage'),
    'hand_expired',
    'invite_accepted',
    'invite_declined',
    'invite_expired',
    'unmute_accepted',
    'unmute_declined',
    'unmute_expired',
    'limit_changed',
  ],
  drift: ['detected', 'repaired'],
  gate: ['admitted', 'refused'],
  participant: ['joined', 'left', 'aborted', 'unlisted'],
  room: ['created', 'updated', 'closed', 'opened', 'deleted', 'started', 'finished'],
  user: ['created', 'updated', 'suspended', 'unsuspended', 'deleted'],
  template: ['created', 'draft_saved', 'published', 'archived', 'unarchived', 'deleted'],
  assignment: ['created', 'updated', 'deleted'],
  operator: [
    'signed_in',
    'signed_out',
    'sign_in_refused',
    'created',
    'updated',
    'disabled',
    'enabled',
    'password_changed',
    'password_reset',
  ],
  api_key: ['created', 'revoked'],
  access: ['refused'],
  demo: ['removed'],
};

export const KINDS: readonly string[] = Object.entries(FAMILIES).flatMap(([family, kinds]) => [
  ...(kinds.length > 1 ? [`${family}.*`] : []),
  ...kinds.map((kind) => `${family}.${kind}`),
]);
