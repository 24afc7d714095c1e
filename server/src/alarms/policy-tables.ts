/** Tables that decide who may do what; triggers name who changes them past Rolecall. */
export const POLICY_TABLES = [
  'api_key',
  'app_user',
  'assignment',
  'installation',
  'ledger_hold',
  'ledger_rule',
  'operator',
  'operator_access',
  'operator_session',
  'role_template',
  'role_template_version',
  'room',
  'room_void',
  'scene',
  'seat',
  'seat_brought',
  'seat_operation',
  'stage_limit',
] as const;

/** Rows that go take nothing but themselves: a session, what a stranger had, an act of long ago. */
const MAY_GO: readonly string[] = ['operator_session', 'seat_brought', 'seat_operation'];

/** On columns of `seat` that are no policy, and bound how far it reaches. */
const OF_BOUNDS = [
  ...['insert', 'update', 'delete'].map((event) => `seat_bounds_noted_${event}`),
  ...['insert', 'update'].map((event) => `seat_issued_noted_${event}`),
];

/** The triggers of all of them. */
export function policyTriggers(): string[] {
  const ofTables = POLICY_TABLES.flatMap((table) =>
    ['insert', 'update', 'delete', 'truncate']
      .filter((event) => event !== 'delete' || !MAY_GO.includes(table))
      .map((event) => `${table}_noted_${event}`),
  );
  return [...ofTables, ...OF_BOUNDS];
}
