/**
 * The one catalogue of what an operator or an API key may do in Rolecall.
 *
 * `reach` says what a room limit means for the permission: a `room` permission is checked against
 * the room at hand; a `global` one changes something that all rooms share, so nobody whose access
 * is limited to some rooms can use it; `any` has a check of its own, or shows nothing of a room.
 */
export const PERMISSIONS = {
  'room.read': { reach: 'room', description: 'See rooms and their options' },
  'room.create': { reach: 'room', description: 'Create rooms' },
  'room.update': { reach: 'room', description: 'Change the options of rooms' },
  'room.close': { reach: 'room', description: 'Close and open rooms' },
  'room.delete': { reach: 'room', description: 'Delete rooms' },
  'user.read': { reach: 'any', description: 'See users' },
  'user.create': { reach: 'any', description: 'Add users' },
  'user.update': { reach: 'global', description: 'Change and suspend users' },
  'user.delete': { reach: 'global', description: 'Delete users' },
  'role_template.read': { reach: 'any', description: 'See role templates and their versions' },
  'role_template.write': { reach: 'global', description: 'Create and edit drafts, archive' },
  'role_template.publish': { reach: 'global', description: 'Publish versions of role templates' },
  'assignment.read': { reach: 'any', description: 'See assignments' },
  'assignment.create': { reach: 'any', description: 'Assign role templates' },
  'assignment.update': { reach: 'any', description: 'Change assignments' },
  'assignment.delete': { reach: 'any', description: 'End assignments' },
  'token.issue': { reach: 'room', description: 'Issue tokens for the role that policy gives' },
  'token.issue_as': { reach: 'room', description: 'Issue tokens for another role template' },
  'token.preview': { reach: 'room', description: 'See what somebody would get, and why' },
  'token.void': { reach: 'room', description: 'Make tokens worthless that were issued until now' },
  'seat.read': { reach: 'room', description: 'See who is in a room' },
  'seat.promote': { reach: 'room', description: 'Promote people in a room' },
  'seat.demote': { reach: 'room', description: 'Demote people in a room' },
  'seat.block': { reach: 'room', description: 'Block and unblock people' },
  'seat.remove': { reach: 'room', description: 'Remove people from a room' },
  'seat.peek': { reach: 'room', description: 'See and hear somebody, hidden, for some minutes' },
  'seat.mute': { reach: 'room', description: 'Mute published tracks' },
  'stage.manage': { reach: 'room', description: 'Answer raised hands and invite people up' },
  'scene.read': { reach: 'room', description: 'See saved scenes' },
  'scene.write': { reach: 'room', description: 'Save, change and delete scenes' },
  'scene.enter': { reach: 'room', description: 'Enter and leave scenes in a room' },
  'ledger.read': { reach: 'any', description: 'Read the issuance and activity logs' },
  'ledger.export_people': {
    reach: 'any',
    description: 'Export the logs with what they say of people',
  },
  'ledger.review': { reach: 'any', description: 'Sign off reviews of the logs' },
  'ledger.save_view': { reach: 'any', description: 'Save and delete searches of the logs' },
  'ledger.erase': {
    reach: 'global',
    description: 'Erase what the logs say of a person',
  },
  'ledger.retain': {
    reach: 'global',
    description: 'Set how long the logs are kept, and place and lift legal holds',
  },
  'alarm.acknowledge': { reach: 'any', description: 'Say that an alarm was looked at' },
  'operator.read': { reach: 'any', description: 'See operators and access roles' },
  'operator.create': { reach: 'any', description: 'Add operators' },
  'operator.update': { reach: 'any', description: 'Change and disable operators' },
  'api_key.read': { reach: 'any', description: 'See API keys' },
  'api_key.create': { reach: 'any', description: 'Create API keys' },
  'api_key.revoke': { reach: 'any', description: 'Revoke API keys' },
  'metrics.read': { reach: 'any', description: 'Read the metrics' },
  'demo.remove': { reach: 'global', description: 'Remove the sample data' },
} as const satisfies Record<string, { reach: 'room' | 'global' | 'any'; description: string }>;

export type Permission = keyof typeof PERMISSIONS;

export const ALL_PERMISSIONS = Object.keys(PERMISSIONS) as Permission[];

export function isPermission(text: string): text is Permission {
  return Object.hasOwn(PERMISSIONS, text);
}
