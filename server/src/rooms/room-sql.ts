// SQL about rooms for the statements of other features that have to stay one.

/** How many are in the room that `room` names, as last counted. */
export function participantsIn(room: string): string {
  return `(SELECT num_participants FROM room WHERE room.name = ${room})`;
}
