import type { ReactNode } from 'react';
import Box from '@mui/material/Box';
import { FONT_MONO } from '../theme/theme';

/** Identities, hashes and ids: fixed width, isolated so that right-to-left text cannot reorder them. */
export const Mono = ({ children }: { children: ReactNode }) => (
  <Box
    component="bdi"
    translate="no"
    sx={{ fontFamily: FONT_MONO, fontSize: '.92em', overflowWrap: 'anywhere' }}
  >
    {children}
  </Box>
);
