import { ACTOR_KINDS, ORIGINS, OUTCOME_WORDS } from './words.js';

/** Fields whose value is one of several, or a pattern. */
export const MATCH_FIELDS = [
  'room',
  'identity',
  'actor',
  'actorKind',
  'kind',
  'outcome',
  'template',
  'via',
  'requestId',
  'operationId',
  'jti',
  'hash',
  'ip',
] as const;
export type MatchField = (typeof MATCH_FIELDS)[number];
export type QueryField = MatchField | 'ttl' | 'since' | 'before' | 'text';

export interface FieldDeclaration {
  readonly sort: 'match' | 'duration' | 'time' | 'text';
  /** Other names that are read as this one. */
  readonly aliases: readonly string[];
  readonly what: string;
  readonly example: string;
  /** The only words that it takes; left out: any text. */
  readonly words?: readonly string[];
  /** `*` outside of quotes means any run of characters. */
  readonly isPattern: boolean;
}

const MATCH = { sort: 'match', isPattern: false } as const;

/** What a query can ask for, in the order in which it is offered. */
export const QUERY_FIELDS: Readonly<Record<QueryField, FieldDeclaration>> = {
  room: {
    ...MATCH,
    isPattern: true,
    aliases: [],
    what: 'The name of the room',
    example: 'room:town-*',
  },
  identity: {
    ...MATCH,
    isPattern: true,
    aliases: ['about', 'participant', 'person', 'who'],
    what: 'Whom it is about: the identity',
    example: 'identity:omar',
  },
  actor: {
    ...MATCH,
    isPattern: true,
    aliases: ['by'],
    what: 'Who did it: an id, or a part of the label',
    example: 'actor:kim',
  },
  kind: {
    ...MATCH,
    isPattern: true,
    aliases: ['act', 'event', 'what'],
    what: 'What happened: a kind, a family such as seat.*, or a group',
    example: 'kind:seat.promoted,tokens',
  },
  outcome: {
    ...MATCH,
    aliases: [],
    what: 'What came of it',
    example: 'outcome:refused',
    words: Object.keys(OUTCOME_WORDS),
  },
  template: {
    ...MATCH,
    isPattern: true,
    aliases: ['role'],
    what: 'The key of the role template',
    example: 'template:speaker',
  },
  since: {
    sort: 'time',
    isPattern: false,
    aliases: ['after', 'from'],
    what: 'Not before this moment, or so long ago',
    example: 'since:24h',
  },
  before: {
    sort: 'time',
    isPattern: false,
    aliases: ['to', 'until'],
    what: 'Before this moment, or so long ago',
    example: 'before:2026-11-28T14:05',
  },
  ttl: {
    sort: 'duration',
    isPattern: false,
    aliases: [],
    what: 'How long a token was valid',
    example: 'ttl>1h',
  },
  actorKind: {
    ...MATCH,
    aliases: ['bykind'],
    what: 'What kind of actor did it',
    example: 'actorKind:api_key',
    words: ACTOR_KINDS,
  },
  via: {
    ...MATCH,
    aliases: ['origin', 'source'],
    what: 'Where the role of a token came from',
    example: 'via:requested',
    words: ORIGINS,
  },
  ip: {
    ...MATCH,
    isPattern: true,
    aliases: ['address'],
    what: 'The address that it came from',
    example: 'ip:203.0.113.*',
  },
  requestId: {
    ...MATCH,
    aliases: ['request'],
    what: 'The id of the request',
    example: 'requestId:0190a3b2-1111-7222-8333-444455556666',
  },
  operationId: {
    ...MATCH,
    aliases: ['operation'],
    what: 'The id of the operation',
    example: 'operationId:0190a3b2-1111-7222-8333-444455556666',
  },
  jti: {
    ...MATCH,
    aliases: ['token'],
    what: 'The id of the token',
    example: 'jti:0190a3b2-1111-7222-8333-444455556666',
  },
  hash: {
    ...MATCH,
    aliases: ['tokenhash'],
    what: 'The SHA-256 of the token, in hex',
    example: `hash:${'0f'.repeat(32)}`,
  },
  text: {
    sort: 'text',
    isPattern: false,
    aliases: ['q'],
    what: 'A part of the kind, room, identity, actor, reason or request id',
    example: '"next question"',
  },
};

const BY_NAME: ReadonlyMap<string, QueryField> = new Map(
  (Object.keys(QUERY_FIELDS) as QueryField[]).flatMap((field) =>
    [field, ...QUERY_FIELDS[field].aliases].map((name) => [name.toLowerCase(), field] as const),
  ),
);

/** By its name or another one that is read as it, in upper or lower case. */
export function fieldNamed(name: string): QueryField | null {
  return BY_NAME.get(name.toLowerCase()) ?? null;
}

export function isMatchField(field: QueryField): field is MatchField {
  return QUERY_FIELDS[field].sort === 'match';
}
