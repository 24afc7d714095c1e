// SQL about users for the statements of other features that have to stay one.

/** Joins, as `u`, the user with this id; null: there is none. */
export function leftJoinUser(id: string): string {
  return `LEFT JOIN app_user u ON u.id = ${id}`;
}

/** Joins, as `u`, the user with this identity; null: there is none. */
export function leftJoinUserOf(identity: string): string {
  return `LEFT JOIN app_user u ON u.identity = ${identity}`;
}
