import type { ReactNode } from 'react';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';

export interface EmptyStateProps {
  icon?: ReactNode;
  title: string;
  /** One sentence that teaches what belongs here. */
  text?: ReactNode;
  /** The next step. */
  action?: ReactNode;
}

export function EmptyState({ icon, title, text, action }: EmptyStateProps) {
  return (
    <Box sx={{ py: 7, px: 3, textAlign: 'center', maxWidth: 520, mx: 'auto' }}>
      {icon && (
        <Box
          aria-hidden
          sx={{ color: 'text.secondary', mb: 1.5, '& .MuiSvgIcon-root': { fontSize: 36 } }}
        >
          {icon}
        </Box>
      )}
      <Typography variant="h2" sx={{ mb: 0.5 }}>
        {title}
      </Typography>
      {text && (
        <Typography color="text.secondary" sx={{ mb: 2.5 }}>
          {text}
        </Typography>
      )}
      {action}
    </Box>
  );
}
