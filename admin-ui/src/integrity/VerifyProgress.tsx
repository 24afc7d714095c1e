import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import LinearProgress from '@mui/material/LinearProgress';
import Typography from '@mui/material/Typography';
import { useCounts } from './useCounts';
import type { VerifyMessage } from './verification';

type Progress = Extract<VerifyMessage, { type: 'progress' }>;

export function VerifyProgress({
  progress,
  onCancel,
}: {
  progress: Progress | null;
  onCancel: () => void;
}) {
  const translate = useTranslate();
  const { number } = useCounts();
  const text = (name: string, more = {}) => translate(`integrity.verify.${name}`, more);
  return (
    <Box sx={{ width: '100%', display: 'grid', gap: 1, justifyItems: 'start' }}>
      <LinearProgress
        sx={{ width: '100%' }}
        aria-label={text('progress')}
        variant={progress ? 'determinate' : 'indeterminate'}
        value={progress ? percentOf(progress) : undefined}
      />
      <Typography variant="body2" sx={{ fontVariantNumeric: 'tabular-nums' }}>
        {progress
          ? `${percentOf(progress)} % · ${text('speed', {
              done: number(progress.done),
              size: number(progress.size),
              speed: number(speedOf(progress)),
            })}`
          : text('starting')}
      </Typography>
      <Button variant="outlined" onClick={onCancel}>
        {text('cancel')}
      </Button>
    </Box>
  );
}

/** Rounded down: 100 is said when all is done. */
function percentOf({ from, done, size }: Progress): number {
  return size === from ? 100 : Math.floor((100 * (done - from)) / (size - from));
}

function speedOf({ from, done, ms }: Progress): number {
  return ms === 0 ? 0 : Math.round(((done - from) / ms) * 1_000);
}
