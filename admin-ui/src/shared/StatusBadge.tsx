import type { ReactNode } from 'react';
import Box from '@mui/material/Box';
import type { SxProps, Theme } from '@mui/material/styles';
import CheckCircleOutline from '@mui/icons-material/CheckCircleOutline';
import ErrorOutline from '@mui/icons-material/ErrorOutline';
import HighlightOff from '@mui/icons-material/HighlightOff';
import InfoOutlined from '@mui/icons-material/InfoOutlined';
import RadioButtonUnchecked from '@mui/icons-material/RadioButtonUnchecked';

export type Tone = 'good' | 'pending' | 'bad' | 'info' | 'neutral';

const LOOKS = {
  good: { color: 'success.main', Icon: CheckCircleOutline },
  pending: { color: 'warning.main', Icon: ErrorOutline },
  bad: { color: 'error.main', Icon: HighlightOff },
  info: { color: 'info.main', Icon: InfoOutlined },
  neutral: { color: 'text.secondary', Icon: RadioButtonUnchecked },
} as const;

export interface StatusBadgeProps {
  tone: Tone;
  /** The word is required: a colour alone says nothing to many people. */
  children: ReactNode;
  sx?: SxProps<Theme>;
}

export function StatusBadge({ tone, children, sx }: StatusBadgeProps) {
  const { color, Icon } = LOOKS[tone];
  return (
    <Box
      component="span"
      sx={[
        {
          display: 'inline-flex',
          alignItems: 'center',
          gap: 0.5,
          color,
          fontWeight: 550,
          whiteSpace: 'nowrap',
          verticalAlign: 'middle',
          lineHeight: '20px',
        },
        ...(Array.isArray(sx) ? sx : [sx]),
      ]}
    >
      <Icon aria-hidden sx={{ fontSize: 16 }} />
      {children}
    </Box>
  );
}
