import { useId } from 'react';
import { useLocale, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Table from '@mui/material/Table';
import TableBody from '@mui/material/TableBody';
import TableCell from '@mui/material/TableCell';
import TableHead from '@mui/material/TableHead';
import TableRow from '@mui/material/TableRow';
import Typography from '@mui/material/Typography';
import type { RetentionPreview } from '@rolecall/server/api';
import { ErrorState } from '../shared/ErrorState';
import { useDebounced } from '../shared/useDebounced';
import { type PreviewAsked, usePreview } from './retentionApi';

export interface PreviewProps {
  /** Null: something is not filled in yet. */
  asked: PreviewAsked | null;
  title?: string;
}

const PAUSE_MS = 350;
const SHOWN = 5;

/** What would go from the log: how many entries, from when to when, of which rooms. */
export function Preview({ asked, title }: PreviewProps) {
  const translate = useTranslate();
  const titleId = useId();
  const signature = JSON.stringify(asked);
  const settled = useDebounced(signature, PAUSE_MS);
  const { data, error, refetch } = usePreview(JSON.parse(settled) as PreviewAsked | null);
  if (asked === null) return null;
  const isCurrent = settled === signature;
  return (
    <Box
      component="section"
      aria-labelledby={titleId}
      aria-live="polite"
      sx={{ mt: 1.5, p: 1.5, borderRadius: 1, bgcolor: 'action.hover', minWidth: 0 }}
    >
      <Typography id={titleId} component="h3" variant="body2" sx={{ fontWeight: 650 }}>
        {title ?? translate('retention.preview.label')}
      </Typography>
      {error && isCurrent ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data && isCurrent ? (
        <Counted data={data} />
      ) : (
        <Typography variant="body2">{translate('retention.preview.loading')}</Typography>
      )}
    </Box>
  );
}

function Counted({ data }: { data: RetentionPreview }) {
  const translate = useTranslate();
  const locale = useLocale();
  const text = (name: string, more = {}) => translate(`retention.preview.${name}`, more);
  const day = (at: string) =>
    new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(new Date(at));
  const count = (entries: number) => entries.toLocaleString(locale);
  const { entries, from, to, rooms, moreRooms, held, isComplete, countedUntil } = data;
  const rest = moreRooms + Math.max(0, rooms.length - SHOWN);
  return (
    <>
      <Typography variant="body2">
        <span>
          {entries === 0
            ? text('none')
            : text('some', { smart_count: entries, count: count(entries) })}
        </span>{' '}
        {from !== null && to !== null && (
          <span>{text('between', { from: day(from), to: day(to) })}</span>
        )}
      </Typography>
      {rooms.length > 0 && (
        <Table size="small" sx={{ my: 0.5, maxWidth: 420 }} aria-label={text('label')}>
          <TableHead>
            <TableRow>
              <TableCell>{text('room')}</TableCell>
              <TableCell align="right">{text('entries')}</TableCell>
            </TableRow>
          </TableHead>
          <TableBody>
            {rooms.slice(0, SHOWN).map(({ room, entries: amount }) => (
              <TableRow key={room ?? ''}>
                <TableCell component="th" scope="row" sx={{ overflowWrap: 'anywhere' }}>
                  {room === null ? text('no_room') : <bdi translate="no">{room}</bdi>}
                </TableCell>
                <TableCell align="right">{count(amount)}</TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
      {rest > 0 && <Typography variant="body2">{text('more', { smart_count: rest })}</Typography>}
      {held > 0 && (
        <Typography variant="body2">
          {text('held', { smart_count: held, count: count(held) })}
        </Typography>
      )}
      {!isComplete && countedUntil !== null && (
        <Typography variant="body2">{text('partial', { until: day(countedUntil) })}</Typography>
      )}
    </>
  );
}
