// SQL about operators for the statements of other features that have to stay one.

/** The access roles of the operator `o`, as JSON. */
export const OPERATOR_ACCESS = `coalesce((
  SELECT json_agg(json_build_object('role', a.role, 'rooms', a.rooms) ORDER BY a.role)
  FROM operator_access a WHERE a.operator_id = o.id), '[]')`;

/** Joins, as `o`, the operator with this id. */
export function joinOperator(id: string): string {
  return `JOIN operator o ON o.id = ${id}`;
}

/** Joins, as `o`, the operator with this id where `condition` holds; null: there is none. */
export function leftJoinOperator(id: string, condition: string): string {
  return `LEFT JOIN operator o ON ${condition} AND o.id::text = ${id}`;
}
