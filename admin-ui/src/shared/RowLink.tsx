import type { ReactNode } from 'react';
import Link from '@mui/material/Link';
import { Link as RouterLink } from 'react-router-dom';

/** The link in a row's first cell: the way into the row for keyboards and screen readers. */
export const RowLink = ({ to, children }: { to: string; children: ReactNode }) => (
  <Link
    component={RouterLink}
    to={to}
    color="inherit"
    underline="hover"
    sx={{ fontWeight: 600, overflowWrap: 'anywhere' }}
    onClick={(event) => event.stopPropagation()}
  >
    {children}
  </Link>
);
