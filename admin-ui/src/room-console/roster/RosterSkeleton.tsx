import { useEffect, useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Skeleton from '@mui/material/Skeleton';

const SHOW_AFTER_MS = 150;
const ROWS = 12;

/** Not at once: what comes quickly should not flicker. */
export function RosterSkeleton() {
  const translate = useTranslate();
  const [isShown, setIsShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsShown(true), SHOW_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!isShown) return null;
  return (
    <Box role="status" aria-label={translate('ra.page.loading')}>
      {Array.from({ length: ROWS }, (_, row) => (
        <Skeleton key={row} height={36} animation={false} />
      ))}
    </Box>
  );
}
