/** The kinds of entries by family; a family as a whole can be asked for as `seat.*`. */
const FAMILIES: Record<string, readonly string[]> = {
  token: ['issued', 'refused'],
  seat: [
    'promoted',
    'demoted',
    'blocked',
    'unblocked',
    'removed',
    'muted',
    'lease_ended',
    'session_ended',
  ],
  drift: ['detected', 'repaired'],
  gate: ['connected', 'refused'],
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
};

export const KINDS: readonly string[] = Object.entries(FAMILIES).flatMap(([family, kinds]) => [
  ...(kinds.length > 1 ? [`${family}.*`] : []),
  ...kinds.map((kind) => `${family}.${kind}`),
]);
