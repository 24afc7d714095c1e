import { Suspense, useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import IconButton from '@mui/material/IconButton';
import Skeleton from '@mui/material/Skeleton';
import Table from '@mui/material/Table';
import TableBody from '@mui/material/TableBody';
import TableCell from '@mui/material/TableCell';
import TableHead from '@mui/material/TableHead';
import TableRow from '@mui/material/TableRow';
import Tooltip from '@mui/material/Tooltip';
import { styled } from '@mui/material/styles';
import BarChartIcon from '@mui/icons-material/BarChart';
import TableChart from '@mui/icons-material/TableChartOutlined';
import type { useZone } from '../ledger/zone';
import { lazyPage } from '../shared/lazyPage';
import { Panel } from '../shared/Panel';
import type { BarChartProps, Column } from './chart/BarChart';
import type { Span } from './chart/layout';
import './messages.en';

const BarChart = lazyPage<BarChartProps>(async () => (await import('./chart/BarChart')).BarChart);

export interface BarCardProps {
  title: string;
  text?: string;
  /** What is drawn, from the bottom. */
  layers: readonly { id: string; tone: BarChartProps['tones'][number] }[];
  /** Further numbers that are said and in the table. */
  more?: readonly string[];
  /** `numbers`: of the layers, then of what is more. */
  columns: readonly (Omit<Column, 'said'> & { numbers: readonly number[] })[];
  chosen: Span | null;
  onChoose: (span: Span | null) => void;
  zone: ReturnType<typeof useZone>;
}

/** A picture of numbers over time, with them as a table. */
export function BarCard(props: BarCardProps) {
  const { title, text, layers, more = [], columns, chosen, onChoose, zone } = props;
  const translate = useTranslate();
  const [isTable, setIsTable] = useState(false);
  const names = [...layers.map(({ id }) => id), ...more];
  const label = translate(`timelines.chart.${isTable ? 'as_picture' : 'as_table'}`);
  const said = (column: BarCardProps['columns'][number]) =>
    `${zone.format(column.at, 'dayAndMinute')} – ${zone.format(column.to, 'minute')}: ${names
      .map((name, at) => `${translate(`timelines.bars.${name}`)} ${column.numbers[at]}`)
      .join(', ')}`;
  return (
    <Panel
      title={title}
      text={text}
      action={
        <Tooltip title={label}>
          <IconButton
            aria-label={translate('timelines.chart.as_table')}
            aria-pressed={isTable}
            onClick={() => setIsTable(!isTable)}
          >
            {isTable ? (
              <BarChartIcon sx={{ fontSize: 18 }} />
            ) : (
              <TableChart sx={{ fontSize: 18 }} />
            )}
          </IconButton>
        </Tooltip>
      }
    >
      {isTable ? (
        <Box sx={{ maxHeight: 300, overflow: 'auto' }} tabIndex={0} role="group" aria-label={title}>
          <Table size="small" stickyHeader aria-label={title}>
            <TableHead>
              <TableRow>
                <TableCell>{translate('timelines.table.from')}</TableCell>
                {names.map((name) => (
                  <TableCell key={name} align="right">
                    {translate(`timelines.bars.${name}`)}
                  </TableCell>
                ))}
              </TableRow>
            </TableHead>
            <TableBody>
              {columns.map(({ at, numbers }) => (
                <TableRow key={at}>
                  <TableCell component="th" scope="row">
                    {zone.format(at, 'dayAndMinute')}
                  </TableCell>
                  {names.map((name, index) => (
                    <TableCell key={name} align="right">
                      {numbers[index]?.toLocaleString()}
                    </TableCell>
                  ))}
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </Box>
      ) : (
        <>
          <Legend aria-label={translate('timelines.chart.legend')}>
            {layers.map(({ id, tone }) => (
              <li key={id}>
                <span className={tone} aria-hidden />
                <span>{translate(`timelines.bars.${id}`)}</span>
              </li>
            ))}
          </Legend>
          <Suspense
            fallback={<Skeleton variant="rectangular" height={133} animation={false} aria-hidden />}
          >
            <BarChart
              label={title}
              columns={columns.map((column) => ({ ...column, said: said(column) }))}
              tones={layers.map(({ tone }) => tone)}
              chosen={chosen}
              onChoose={onChoose}
              zone={zone}
              hint={translate('timelines.bars.hint')}
            />
          </Suspense>
        </>
      )}
    </Panel>
  );
}

/** In the colours of the bars. */
const Legend = styled('ul')(({ theme: { palette } }) => ({
  listStyle: 'none',
  margin: '0 0 8px',
  padding: 0,
  display: 'flex',
  flexWrap: 'wrap',
  gap: '4px 16px',
  fontSize: '.8125rem',
  color: palette.text.secondary,
  '& li': { display: 'inline-flex', alignItems: 'center', gap: 6 },
  '& li > :last-child::first-letter': { textTransform: 'uppercase' },
  '& [aria-hidden]': { width: 11, height: 11, borderRadius: 2 },
  '& .neutral': { backgroundColor: palette.text.disabled, opacity: 0.6 },
  '& .good': { backgroundColor: palette.success.main },
  '& .bad': { backgroundColor: palette.error.main },
  '& .primary': { backgroundColor: palette.primary.main },
}));
