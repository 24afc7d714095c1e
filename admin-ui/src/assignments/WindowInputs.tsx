import { DateTimeInput, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { useFormContext } from 'react-hook-form';

const HOUR = 3_600_000;
const SHORTCUTS = [
  { id: 'hour', ms: HOUR },
  { id: 'day', ms: 24 * HOUR },
  { id: 'week', ms: 7 * 24 * HOUR },
  { id: 'never', ms: null },
] as const;

/** The browser's field speaks local time; the API speaks ISO with a zone. */
const toIso = (text: string) => (text ? new Date(text).toISOString() : null);

export function WindowInputs({ isReadOnly }: { isReadOnly?: boolean }) {
  const translate = useTranslate();
  const { setValue } = useFormContext();
  return (
    <Box sx={{ width: '100%' }}>
      <Box
        sx={{ display: 'grid', gridTemplateColumns: { xs: '1fr', sm: '1fr 1fr' }, columnGap: 2 }}
      >
        <DateTimeInput source="validFrom" parse={toIso} readOnly={isReadOnly} />
        <DateTimeInput
          source="validUntil"
          parse={toIso}
          readOnly={isReadOnly}
          validate={(until?: string | null, all?: { validFrom?: string | null }) =>
            until && new Date(until) <= new Date(all?.validFrom ?? 0)
              ? 'assignments.invalid_until'
              : undefined
          }
        />
      </Box>
      {!isReadOnly && (
        <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 0.5, alignItems: 'center' }}>
          <Typography variant="body2" color="text.secondary">
            {translate('assignments.until.label')}
          </Typography>
          {SHORTCUTS.map(({ id, ms }) => (
            <Button
              key={id}
              onClick={() =>
                setValue('validUntil', ms === null ? null : inMinutes(ms), { shouldDirty: true })
              }
            >
              {translate(`assignments.until.${id}`)}
            </Button>
          ))}
        </Box>
      )}
    </Box>
  );
}

/** On a whole minute: the field shows no seconds. */
const inMinutes = (ms: number) =>
  new Date(Math.ceil((Date.now() + ms) / 60_000) * 60_000).toISOString();
