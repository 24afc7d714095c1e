import { type ReactNode, useState } from 'react';
import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import { visuallyHidden } from '../../shared/visuallyHidden';

/** What a moderator has to know about the whole room before acting in it. */
export interface Condition {
  name: string;
  severity: 'error' | 'warning' | 'info';
  text: string;
  /** Names the region, for what stays a while; everything else is an alert. */
  label?: string;
  icon?: ReactNode;
  action?: ReactNode;
}

/**
 * The conditions of the room, one at a time, in a line whose height never changes: nothing below it
 * moves when one comes or goes.
 */
export function ConditionStrip({ conditions }: { conditions: readonly Condition[] }) {
  const translate = useTranslate();
  const [chosen, setChosen] = useState<string | null>(null);
  const shown = conditions.find(({ name }) => name === chosen) ?? conditions[0];
  if (!shown) return null;
  const at = conditions.indexOf(shown);
  const next = conditions[(at + 1) % conditions.length]!;
  return (
    <Box sx={STRIP}>
      {conditions.map((condition) =>
        condition === shown ? (
          <Line key={condition.name} condition={condition}>
            {conditions.length > 1 && (
              <Button
                color="inherit"
                aria-label={translate('room_console.banners.next')}
                onClick={() => setChosen(next.name)}
              >
                <span>{`${at + 1}/${conditions.length}`}</span>
              </Button>
            )}
          </Line>
        ) : (
          // Heard at once as well, and seen by pressing on.
          <Box key={condition.name} role={roleOf(condition)} sx={visuallyHidden}>
            {condition.text}
          </Box>
        ),
      )}
    </Box>
  );
}

function Line({ condition, children }: { condition: Condition; children: ReactNode }) {
  const { severity, text, label, icon, action } = condition;
  return (
    <Alert
      severity={severity}
      icon={icon}
      role={roleOf(condition)}
      aria-label={label}
      title={text}
      action={
        <>
          {action}
          {children}
        </>
      }
    >
      {text}
    </Alert>
  );
}

const roleOf = ({ label }: Condition) => (label === undefined ? 'alert' : 'region');

const STRIP = {
  position: 'relative',
  flex: { xs: '1 0 100%', md: '1 0 min(100%, 420px)' },
  minWidth: 0,
  height: '100%',
  '& .MuiAlert-root': {
    height: '100%',
    alignItems: 'center',
    py: 0,
    px: 1,
    overflow: 'hidden',
  },
  '& .MuiAlert-icon': { py: 0, mr: 1 },
  '& .MuiAlert-message': {
    p: 0,
    display: '-webkit-box',
    WebkitBoxOrient: 'vertical',
    WebkitLineClamp: { xs: 3, md: 2 },
    overflow: 'hidden',
    fontSize: '.75rem',
    lineHeight: 1.2,
  },
  '& .MuiAlert-action': { alignItems: 'center', gap: 0.5, p: 0, pl: 1, mr: 0 },
} as const;
