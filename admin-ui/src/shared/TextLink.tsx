import type { ReactNode } from 'react';
import MuiLink from '@mui/material/Link';
import { Link, type LinkProps } from 'react-router-dom';

export interface TextLinkProps {
  to: LinkProps['to'];
  onClick?: () => void;
  children: ReactNode;
}

/** A link among words or in a table, in the colours of the theme. */
export function TextLink({ to, onClick, children }: TextLinkProps) {
  return (
    <MuiLink component={Link} to={to} underline="always" onClick={onClick}>
      {children}
    </MuiLink>
  );
}
