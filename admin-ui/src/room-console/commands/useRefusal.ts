import { useCallback } from 'react';
import { useTranslate } from 'react-admin';
import { BUILT_IN_ROLES } from '@rolecall/server/access';
import { may, type Permission } from '../../session/permissions';
import { useMe } from '../../session/session';

/** Why this operator may not use a permission in this room, and which access roles may; null: they may. */
export function useRefusal(room: string) {
  const translate = useTranslate();
  const me = useMe();
  return useCallback(
    (permission: Permission): string | null => {
      if (may(me, permission, room)) return null;
      if (may(me, permission)) return translate('room_console.cannot.room');
      const who = BUILT_IN_ROLES.filter(({ permissions }) => permissions.includes(permission))
        .map(({ key }) => translate(`room_console.cannot.roles.${key}`))
        .join(translate('room_console.cannot.or'));
      return translate('room_console.cannot.permission', { permission, who });
    },
    [me, room, translate],
  );
}
