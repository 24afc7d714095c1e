import { useLocale, useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Table from '@mui/material/Table';
import TableBody from '@mui/material/TableBody';
import TableCell from '@mui/material/TableCell';
import TableHead from '@mui/material/TableHead';
import TableRow from '@mui/material/TableRow';
import Typography from '@mui/material/Typography';
import { TextLink } from '../shared/TextLink';
import type { TimelineLane } from '@rolecall/server/api';
import type { useZone } from '../ledger/zone';
import { durationText } from '../shared/time';

type Connection = TimelineLane['connections'][number];

export interface SessionTableProps {
  rows: readonly (Connection & { label: string; to: string })[];
  head: 'room' | 'identity';
  zone: ReturnType<typeof useZone>;
}

const MOST = 50;

/** Connections, the newest first, with the token that each came from. */
export function SessionTable({ rows, head, zone }: SessionTableProps) {
  const translate = useTranslate();
  const locale = useLocale();
  if (rows.length === 0) {
    return (
      <Typography variant="body2" color="text.secondary">
        {translate('timelines.sessions.none')}
      </Typography>
    );
  }
  const shown = rows
    .toSorted((a, b) => Date.parse(b.joinedAt) - Date.parse(a.joinedAt))
    .slice(0, MOST);
  return (
    <Box
      sx={{ maxHeight: 360, overflow: 'auto' }}
      tabIndex={0}
      role="group"
      aria-label={translate('timelines.sessions.title')}
    >
      <Table size="small" stickyHeader aria-label={translate('timelines.sessions.title')}>
        <TableHead>
          <TableRow>
            {[head, 'from', 'lasted', 'came_with'].map((name) => (
              <TableCell key={name}>{translate(`timelines.table.${name}`)}</TableCell>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {shown.map(({ label, to, sid, joinedAt, leftAt, lineage }) => (
            <TableRow key={`${label} ${sid ?? joinedAt}`}>
              <TableCell component="th" scope="row">
                <TextLink to={to}>
                  <bdi translate="no">{label}</bdi>
                </TextLink>
              </TableCell>
              <TableCell>{zone.format(joinedAt, 'dayAndMinute')}</TableCell>
              <TableCell>
                {leftAt === null
                  ? translate('timelines.table.goes_on')
                  : durationText(
                      Math.max(1, (Date.parse(leftAt) - Date.parse(joinedAt)) / 1_000),
                      locale,
                    )}
              </TableCell>
              <TableCell title={lineage.text}>
                {lineage.jti === null ? (
                  translate('timelines.sessions.unknown')
                ) : (
                  <TextLink
                    to={`/activity?${new URLSearchParams({ query: `jti:${lineage.jti}` })}`}
                  >
                    {translate(`timelines.sessions.${lineage.through}`)}
                  </TextLink>
                )}
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
    </Box>
  );
}
