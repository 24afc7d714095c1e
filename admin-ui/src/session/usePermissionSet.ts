import { useCallback } from 'react';
import { may, type Permission } from './permissions';
import { useMe } from './session';

export type PermissionCheck = (permission: Permission, room?: string) => boolean;

/** One set for the whole page: `can('seat.promote', room)` costs nothing per row. */
export function usePermissionSet(): PermissionCheck {
  const me = useMe();
  return useCallback((permission, room) => may(me, permission, room), [me]);
}
