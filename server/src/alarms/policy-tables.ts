/** Tables that decide who may do what; triggers name who changes them past Rolecall. */
export const POLICY_TABLES = [
  'api_key',
  'app_user',
  'assignment',
  'installation',
  'operator',
  'operator_access',
  'operator_session',
  'role_template',
  'role_template_version',
  'room',
  'room_void',
  'scene',
  'seat',
  'stage_limit',
] as const;

/** The triggers of all of them. */
export function policyTriggers(): string[] {
  return POLICY_TABLES.flatMap((table) =>
    ['insert', 'update', 'delete', 'truncate']
      // A session that ends takes nothing but itself.
      .filter((event) => table !== 'operator_session' || event !== 'delete')
      .map((event) => `${table}_noted_${event}`),
  );
}
