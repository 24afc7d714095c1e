import type { ReactNode } from 'react';
import { Title, useTranslate } from 'react-admin';
import Lock from '@mui/icons-material/LockOutlined';
import { mayEverywhere, type Permission } from '../session/permissions';
import { useMe } from '../session/session';
import { EmptyState } from './EmptyState';
import { usePermissionSet } from '../session/usePermissionSet';

/** Says which permission is missing, so that one can ask for it. */
export interface NoAccessProps {
  permission?: Permission;
  isForAllRooms?: boolean;
}

export function NoAccess({ permission, isForAllRooms }: NoAccessProps) {
  const translate = useTranslate();
  return (
    <>
      <Title title={translate('app.no_access.title')} />
      <EmptyState
        icon={<Lock />}
        title={translate('app.no_access.title')}
        text={
          permission
            ? translate(`app.no_access.${isForAllRooms ? 'text_all_rooms' : 'text'}`, {
                permission,
              })
            : translate('app.no_access.text_general')
        }
      />
    </>
  );
}

/** For pages outside react-admin's resources, which check nothing by themselves. */
export function RequirePermission({
  permission,
  isForAllRooms = false,
  children,
}: {
  permission: Permission;
  /** It has to be held in every room. */
  isForAllRooms?: boolean;
  children: ReactNode;
}) {
  const can = usePermissionSet();
  const me = useMe();
  const may = isForAllRooms ? mayEverywhere(me, permission) : can(permission);
  return may ? <>{children}</> : <NoAccess permission={permission} isForAllRooms={isForAllRooms} />;
}
