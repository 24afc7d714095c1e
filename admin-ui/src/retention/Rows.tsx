import type { ReactNode } from 'react';
import Box from '@mui/material/Box';

/** A list of things with a line of words and what can be done with each. */
export const Rows = ({ children }: { children: ReactNode }) => (
  <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0 }}>
    {children}
  </Box>
);

export interface RowProps {
  title: ReactNode;
  actions?: ReactNode;
  children?: ReactNode;
  isMuted?: boolean;
}

export function Row({ title, actions, children, isMuted }: RowProps) {
  return (
    <Box
      component="li"
      sx={{
        display: 'flex',
        flexWrap: 'wrap',
        alignItems: 'flex-start',
        columnGap: 2,
        rowGap: 0.5,
        py: 1,
        borderTop: 1,
        borderColor: 'divider',
        '&:first-of-type': { borderTop: 0, pt: 0 },
      }}
    >
      <Box sx={{ flex: '1 1 240px', minWidth: 0 }}>
        <Box
          sx={{
            fontWeight: 600,
            fontSize: '.875rem',
            overflowWrap: 'anywhere',
            color: isMuted ? 'text.secondary' : undefined,
          }}
        >
          {title}
        </Box>
        <Box sx={{ fontSize: '.8125rem', color: 'text.secondary' }}>{children}</Box>
      </Box>
      {actions && <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 0.5 }}>{actions}</Box>}
    </Box>
  );
}
