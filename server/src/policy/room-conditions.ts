/** The room that `name` names, if Rolecall has it: a table with one row, or none. */
export function knownRoom(name: string): string {
  return `(SELECT room.name FROM room WHERE room.name = ${name})`;
}

/** True while the room $1 plays a scene. */
export const PLAYS_SCENE = `EXISTS (SELECT FROM room WHERE name = $1 AND active_scene IS NOT NULL)`;
