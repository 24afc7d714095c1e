import { useEffect, useState } from 'react';
import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Link from '@mui/material/Link';
import { useQuery } from '@tanstack/react-query';
import { Link as RouterLink } from 'react-router-dom';
import { getJson } from '../api/httpClient';
import type { LookAlikes } from '../api/records';
import { userPath } from './paths';

/** Not at every key that is pressed. */
const PAUSE_MS = 250;

/** Says whose identity people may take for this one. It only warns: identities are compared byte by byte. */
export function LookAlikeWarning({ identity }: { identity: string }) {
  const translate = useTranslate();
  const asked = useSettled(identity);
  const { data } = useQuery({
    queryKey: ['users', 'look-alikes', asked],
    enabled: asked !== '',
    retry: false,
    queryFn: ({ signal }) =>
      getJson<LookAlikes>('/users/look-alikes', { query: { identity: asked }, signal }),
  });
  const users = asked === identity ? (data?.data ?? []) : [];
  return (
    <Box role="status" sx={{ width: '100%' }}>
      {users.length > 0 && (
        <Alert severity="warning" sx={{ mb: 2 }}>
          <span>{translate('users.look_alike')}</span>{' '}
          {users.map((user, index) => (
            <span key={user.id}>
              {index > 0 && <span>, </span>}
              <Link component={RouterLink} to={userPath(user.id)} target="_blank" translate="no">
                {user.identity}
              </Link>
            </span>
          ))}
        </Alert>
      )}
    </Box>
  );
}

/** The value after a pause in its changes. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
