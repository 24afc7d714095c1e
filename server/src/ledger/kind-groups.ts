import { LEDGER_KINDS, type LedgerKind } from './ledger-kinds.js';

/** Families of kinds by what an auditor looks for. Each family is in exactly one group. */
const FAMILIES_OF = {
  tokens: ['token'],
  seats: ['seat'],
  admissions: ['gate'],
  presence: ['participant'],
  stage: ['stage'],
  rooms: ['room', 'scene', 'egress', 'ingress', 'dispatch'],
  bulk: ['bulk'],
  drift: ['drift'],
  people: ['user'],
  policy: ['template', 'assignment', 'policy'],
  operators: ['operator', 'api_key', 'access'],
  alarms: ['alarm'],
  ledger: ['ledger'],
  settings: ['settings', 'demo'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Across the families: what people look for by another name. */
const CHOSEN = {
  'sign-ins': ['operator.signed_in', 'operator.signed_out', 'operator.sign_in_refused'],
  refusals: ['token.refused', 'gate.refused', 'access.refused', 'api_key.refused'],
  looks: ['seat.peeked', 'seat.peek_ended', 'ledger.read', 'token.previewed'],
  unexplained: [
    'room.unexplained',
    'room.changed_elsewhere',
    'participant.unlisted',
    'participant.changed_elsewhere',
    'egress.unexplained',
    'ingress.unexplained',
    'dispatch.unexplained',
    'policy.changed_directly',
    'policy.watch_stopped',
    'drift.detected',
  ],
} as const satisfies Readonly<Record<string, readonly LedgerKind[]>>;

export type KindFamilyGroup = keyof typeof FAMILIES_OF;
export type KindGroup = KindFamilyGroup | keyof typeof CHOSEN;

/** The groups that every kind is in exactly one of, in the order in which they are shown. */
export const KIND_FAMILY_GROUPS = Object.keys(FAMILIES_OF) as KindFamilyGroup[];

const ALL_KINDS = Object.keys(LEDGER_KINDS) as LedgerKind[];

function kindsOfFamilies(families: readonly string[]): LedgerKind[] {
  return ALL_KINDS.filter((kind) => families.includes(kind.slice(0, kind.indexOf('.'))));
}

/** Groups of kinds by name, as `kind:` takes them. */
export const KIND_GROUPS: Readonly<Record<KindGroup, readonly LedgerKind[]>> = {
  ...(Object.fromEntries(
    KIND_FAMILY_GROUPS.map((group) => [group, kindsOfFamilies(FAMILIES_OF[group])]),
  ) as Record<KindFamilyGroup, LedgerKind[]>),
  ...CHOSEN,
};

/** The one group of families that a kind is in; null for a kind that nobody declared. */
export function groupOfKind(kind: string): KindFamilyGroup | null {
  const family = kind.slice(0, Math.max(0, kind.indexOf('.')));
  const isOfFamily = (group: KindFamilyGroup): boolean =>
    (FAMILIES_OF[group] as readonly string[]).includes(family);
  return KIND_FAMILY_GROUPS.find(isOfFamily) ?? null;
}

export function isKindGroup(name: string): name is KindGroup {
  return Object.hasOwn(KIND_GROUPS, name);
}
