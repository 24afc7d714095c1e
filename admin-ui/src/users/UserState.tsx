import { useTranslate } from 'react-admin';
import type { User } from '../api/records';
import { StatusBadge } from '../shared/StatusBadge';

export function UserState({ user }: { user: Pick<User, 'isSuspended'> }) {
  const translate = useTranslate();
  return user.isSuspended ? (
    <StatusBadge tone="bad">{translate('users.state.suspended')}</StatusBadge>
  ) : (
    <StatusBadge tone="good">{translate('users.state.active')}</StatusBadge>
  );
}
