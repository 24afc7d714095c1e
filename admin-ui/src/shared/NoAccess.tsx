import type { ReactNode } from 'react';
import { Title, useTranslate } from 'react-admin';
import Lock from '@mui/icons-material/LockOutlined';
import type { Permission } from '../session/permissions';
import { EmptyState } from './EmptyState';
import { usePermissionSet } from '../session/usePermissionSet';

/** Says which permission is missing, so that one can ask for it. */
export function NoAccess({ permission }: { permission?: Permission }) {
  const translate = useTranslate();
  return (
    <>
      <Title title={translate('app.no_access.title')} />
      <EmptyState
        icon={<Lock />}
        title={translate('app.no_access.title')}
        text={
          permission
            ? translate('app.no_access.text', { permission })
            : translate('app.no_access.text_general')
        }
      />
    </>
  );
}

/** For pages outside react-admin's resources, which check nothing by themselves. */
export function RequirePermission({
  permission,
  children,
}: {
  permission: Permission;
  children: ReactNode;
}) {
  const can = usePermissionSet();
  return can(permission) ? <>{children}</> : <NoAccess permission={permission} />;
}
