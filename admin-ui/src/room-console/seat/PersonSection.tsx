import type { ReactNode } from 'react';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';

/** One kind of facts about somebody, under its name. */
export function PersonSection({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Box component="section" sx={{ mt: 2 }}>
      <Typography variant="h3" color="text.secondary" sx={{ mb: 0.5, fontSize: '.75rem' }}>
        {title}
      </Typography>
      <Box sx={{ fontSize: '.8125rem' }}>{children}</Box>
    </Box>
  );
}
