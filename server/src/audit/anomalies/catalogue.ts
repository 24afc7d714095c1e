import type { AnomalyFound } from '../../ledger/anomalies/anomaly-reader.js';
import { printMatch } from '../../ledger/query/index.js';
import type { AnomalyName } from './anomalies.schemas.js';

export interface AnomalyDeclaration {
  readonly title: string;
  /** What exactly is counted. */
  readonly what: string;
  /** The search that shows about the same; null: none does. */
  readonly query: string | null;
  /** One row as a sentence, with the names of who did it and of whom it is about. */
  readonly text: (found: AnomalyFound, names: AnomalyNames) => string;
}

export interface AnomalyNames {
  readonly actor: string;
  readonly subject: string;
  readonly role: string;
}

export const ANOMALIES: Readonly<Record<AnomalyName, AnomalyDeclaration>> = {
  'tokens-never-used': {
    title: 'Tokens never used',
    what: 'Tokens that have expired without a connect: no gate let one in with it, and the person did not join the room while it was valid.',
    query: null,
    text: ({ room }, { actor, subject, role }) =>
      `${subject} never used the token as ${role} for ${room ?? 'a room'} that ${actor} issued`,
  },
  'used-from-two-addresses': {
    title: 'Used from two addresses',
    what: 'Tokens, with those that LiveKit refreshed from them, that came from one address and within ten minutes from another.',
    query: null,
    text: ({ room, parts }, { subject }) =>
      `The token of ${subject} for ${room ?? 'a room'} came from ${eachOnce(parts.addresses).join(' and ')}`,
  },
  'issued-outside-usual': {
    title: 'Issued outside usual hours or rooms',
    what: 'Tokens that an operator issued at an hour (UTC), or for a room, that their tokens of the 30 days before were not; for operators with at least 20 of these.',
    query: 'kind:token.issued actorKind:operator',
    text: ({ room, parts }, { actor, subject }) =>
      `${actor} issued a token to ${subject} for ${room ?? 'no room'}, outside their usual ${(parts.outside ?? 'hours').replaceAll('_', ' ')}`,
  },
  'roles-under-a-minute': {
    title: 'Roles for less than a minute',
    what: 'Promotions after which the person lost the role, was removed or left within a minute.',
    query: 'kind:seat.promoted outcome:applied',
    text: ({ room, parts }, { actor, subject, role }) =>
      `${actor} made ${subject} ${role} in ${room ?? 'a room'} for ${parts.seconds ?? 0} s, then ${parts.then ?? 'it ended'}`,
  },
  'more-than-used': {
    title: 'More than they used',
    what: 'People who were assigned a role at least 30 days ago and got no token with it in the last 30 days. The role proposed is the widest that their tokens had.',
    query: null,
    text: ({ room, parts: { used = [] } }, { subject, role }) =>
      `${subject} holds ${role} in ${room ?? 'every room'} and ${used.length === 0 ? 'got no token' : `used ${used.join(', ')}`} in 30 days`,
  },
  'repeated-refusals': {
    title: 'Repeated refusals',
    what: 'The same refusal for the same person in the same room at least five times.',
    query: 'kind:refusals',
    text: ({ room, identity, count, parts }, { actor, subject }) =>
      `${identity === null ? actor : subject} was refused ${count} times${room === null ? '' : ` in ${room}`} (${[parts.kind, parts.code].filter(Boolean).join(': ')})`,
  },
  'acts-on-oneself': {
    title: 'Acts on oneself',
    what: 'What operators did to the participant whose identity is their own e-mail or id.',
    query: null,
    text: ({ room, parts }, { actor }) =>
      `${actor} acted on themselves in ${room ?? 'no room'} (${parts.kind ?? 'an act'})`,
  },
  'drift-came-back': {
    title: 'Drift that came back',
    what: 'Participants whose rights at LiveKit differed from their role at least twice.',
    query: 'kind:drift.detected',
    text: ({ room, count }, { subject }) =>
      `The rights of ${subject} in ${room ?? 'a room'} differed from their role ${count} times`,
  },
  'looks-by-operator': {
    title: 'Looks by operator',
    what: 'How often each operator read the log, previewed tokens, or watched somebody unseen.',
    query: 'kind:looks actorKind:operator',
    text: ({ count, parts }, { actor }) =>
      `${actor} looked ${count} times (${(parts.kinds ?? []).join(', ')})`,
  },
};

/** The search that shows the entries of a row. */
export function queryOf(name: AnomalyName, found: AnomalyFound): string {
  const is = (field: Parameters<typeof printMatch>[0], text: string) =>
    printMatch(field, [{ text, isPattern: false }]);
  if (name === 'tokens-never-used' || name === 'used-from-two-addresses')
    return is('jti', found.key);
  if (name === 'looks-by-operator')
    return `kind:looks ${is('actor', found.actor?.id ?? found.key)}`;
  const { identity, room, actor } = found;
  const about =
    identity === null
      ? actor
        ? [is('actor', actor.id ?? actor.label)]
        : []
      : [is('identity', identity)];
  const where = room === null || name === 'more-than-used' ? [] : [is('room', room)];
  const kinds: Partial<Record<AnomalyName, string>> = {
    'repeated-refusals': 'outcome:refused',
    'drift-came-back': 'kind:drift',
    'issued-outside-usual': 'kind:token.issued',
    'more-than-used': 'kind:tokens',
    'roles-under-a-minute': 'kind:seats,presence',
  };
  return [...about, ...where, kinds[name]].filter(Boolean).join(' ');
}

export function eachOnce(texts: readonly string[] = []): string[] {
  return [...new Set(texts)].sort();
}
