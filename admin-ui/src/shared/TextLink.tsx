import type { ReactNode } from 'react';
import MuiLink from '@mui/material/Link';
import { Link, type LinkProps } from 'react-router-dom';

/** A link among words or in a table, in the colours of the theme. */
export function TextLink({ to, children }: { to: LinkProps['to']; children: ReactNode }) {
  return (
    <MuiLink component={Link} to={to} underline="always">
      {children}
    </MuiLink>
  );
}
