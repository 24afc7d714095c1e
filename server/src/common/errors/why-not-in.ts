/** What people are told who may not be in a room, by the code of the refusal. No more than they may know. */
export const WHY_NOT_IN: Readonly<Record<string, string>> = {
  'seat.blocked': 'You are blocked from this room.',
  'user.suspended': 'Your account is suspended.',
  'user.deleted': 'Your account was deleted.',
  'room.closed': 'The room is closed.',
};
