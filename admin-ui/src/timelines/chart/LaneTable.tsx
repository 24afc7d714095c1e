import { useLocale, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Table from '@mui/material/Table';
import TableBody from '@mui/material/TableBody';
import TableCell from '@mui/material/TableCell';
import TableHead from '@mui/material/TableHead';
import TableRow from '@mui/material/TableRow';
import { TextLink } from '../../shared/TextLink';
import type { useZone } from '../../ledger/zone';
import { durationText } from '../../shared/time';
import { entryPath } from '../../shared/historyPaths';
import type { Bar, Lane } from './layout';

export interface LaneTableProps {
  label: string;
  /** What a lane is: a room or a person. */
  head: string;
  lanes: readonly Lane[];
  now: number;
  format: ReturnType<typeof useZone>['format'];
}

/** What the picture shows, as a table, the newest first. */
export function LaneTable({ label, head, lanes, now, format }: LaneTableProps) {
  const translate = useTranslate();
  const locale = useLocale();
  const rows = lanes
    .flatMap((lane) => lane.bars.map((bar) => ({ lane, bar })))
    .toSorted((a, b) => b.bar.from - a.bar.from);
  const lastOf = ({ to, until, kind }: Bar) => {
    if (to !== null) return format(to, 'whole');
    if (until !== null) return translate('timelines.table.until', { at: format(until, 'whole') });
    return translate(kind === 'blocked' ? 'timelines.table.for_good' : 'timelines.table.goes_on');
  };
  return (
    <Box sx={{ maxHeight: 420, overflow: 'auto' }} tabIndex={0} role="group" aria-label={label}>
      <Table stickyHeader size="small" aria-label={label}>
        <TableHead>
          <TableRow>
            {[head, 'what', 'from', 'to', 'lasted', 'by', 'entry'].map((name) => (
              <TableCell key={name}>{translate(`timelines.table.${name}`)}</TableCell>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {rows.map(({ lane, bar }) => (
            <TableRow key={`${lane.id} ${bar.id}`}>
              <TableCell component="th" scope="row">
                {lane.to ? (
                  <TextLink to={lane.to}>
                    <bdi translate="no">{lane.label}</bdi>
                  </TextLink>
                ) : (
                  <bdi>{lane.label}</bdi>
                )}
              </TableCell>
              <TableCell>{bar.name}</TableCell>
              <TableCell>{format(bar.from, 'whole')}</TableCell>
              <TableCell>{lastOf(bar)}</TableCell>
              <TableCell>
                {durationText(Math.max(0, (bar.to ?? now) - bar.from) / 1_000, locale)}
              </TableCell>
              <TableCell>{bar.by && <bdi translate="no">{bar.by}</bdi>}</TableCell>
              <TableCell>
                {bar.entry && (
                  <TextLink to={entryPath(bar.entry)}>{translate('timelines.table.open')}</TextLink>
                )}
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Box>
  );
}
