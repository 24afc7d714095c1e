import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Table from '@mui/material/Table';
import TableBody from '@mui/material/TableBody';
import TableCell from '@mui/material/TableCell';
import TableHead from '@mui/material/TableHead';
import TableRow from '@mui/material/TableRow';
import type { useZone } from '../zone';
import type { Bucket } from './Histogram';
import { countOf, LAYERS, totalOf } from './tones';

export interface BucketTableProps {
  buckets: readonly Bucket[];
  format: ReturnType<typeof useZone>['format'];
}

/** The numbers of the picture; times without acts are left out. */
export function BucketTable({ buckets, format }: BucketTableProps) {
  const translate = useTranslate();
  const isInSeconds = buckets.some(({ at }) => new Date(at).getUTCSeconds() !== 0);
  return (
    <Box
      sx={{ height: 102, overflowY: 'auto' }}
      tabIndex={0}
      role="region"
      aria-label={translate('ledger.chart.table')}
    >
      <Table stickyHeader size="small" aria-label={translate('ledger.chart.table')}>
        <TableHead>
          <TableRow>
            <TableCell>{translate('ledger.chart.begins')}</TableCell>
            {LAYERS.map(({ id }) => (
              <TableCell key={id} align="right">
                {translate(`ledger.layer.${id}`)}
              </TableCell>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {buckets
            .filter(({ counts }) => totalOf(counts) > 0)
            .map(({ at, counts }) => (
              <TableRow key={at}>
                <TableCell component="th" scope="row">
                  {format(at, isInSeconds ? 'whole' : 'dayAndMinute')}
                </TableCell>
                {LAYERS.map((layer) => (
                  <TableCell key={layer.id} align="right">
                    {countOf(counts, layer).toLocaleString()}
                  </TableCell>
                ))}
              </TableRow>
            ))}
        </TableBody>
      </Table>
    </Box>
  );
}
