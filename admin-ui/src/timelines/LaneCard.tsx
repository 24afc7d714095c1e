import { type ReactNode, Suspense, useState } from 'react';
import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import IconButton from '@mui/material/IconButton';
import Skeleton from '@mui/material/Skeleton';
import Tooltip from '@mui/material/Tooltip';
import { styled } from '@mui/material/styles';
import Add from '@mui/icons-material/Add';
import FitScreen from '@mui/icons-material/FitScreenOutlined';
import Remove from '@mui/icons-material/Remove';
import TableChart from '@mui/icons-material/TableChartOutlined';
import Timeline from '@mui/icons-material/ViewTimelineOutlined';
import type { useZone } from '../ledger/zone';
import { EmptyState } from '../shared/EmptyState';
import { lazyPage } from '../shared/lazyPage';
import { Panel } from '../shared/Panel';
import type { LaneChartProps } from './chart/LaneChart';
import type { LaneTableProps } from './chart/LaneTable';
import { type Bar, type BarKind, fitted, type Lane, type Span, zoomed } from './chart/layout';

const LaneChart = lazyPage<LaneChartProps>(
  async () => (await import('./chart/LaneChart')).LaneChart,
);
const LaneTable = lazyPage<LaneTableProps>(
  async () => (await import('./chart/LaneTable')).LaneTable,
);

export interface LaneCardProps {
  title: string;
  text?: ReactNode;
  lanes: readonly Lane[];
  /** What a lane is. */
  of: 'room' | 'identity';
  whole: Span;
  now: number;
  at: number | null;
  onAt: (at: number | null) => void;
  chosen: string | null;
  onChoose: (bar: Bar | null) => void;
  zone: ReturnType<typeof useZone>;
  /** The kinds of bars that may be in it. */
  legend: readonly BarKind[];
  /** There is more than is shown, and since when this is. */
  partial: string | null;
  empty: { title: string; text: string };
}

/** A picture of lanes, with its numbers as a table. */
export function LaneCard(props: LaneCardProps) {
  const { title, text, lanes, of, whole, now, at, onAt, chosen, onChoose, zone, legend } = props;
  const { partial, empty } = props;
  const translate = useTranslate();
  const [isTable, setIsTable] = useState(false);
  const [part, setPart] = useState<{ of: Span; view: Span } | null>(null);
  // What was shown of another time says nothing of this one.
  const isSame = part !== null && part.of.from === whole.from;
  const view = isSame ? clipped(part.view, whole) : fitted(lanes, whole, now);
  const onView = (next: Span) => setPart({ of: whole, view: next });
  const zoom = (factor: number) => onView(zoomed(view, factor, middleOf(view, at), whole));
  const used = legend.filter((kind) =>
    lanes.some(({ bars }) => bars.some((bar) => bar.kind === kind)),
  );
  const loading = <Skeleton variant="rectangular" height={160} animation={false} aria-hidden />;
  return (
    <Panel
      title={title}
      text={text}
      action={
        lanes.length > 0 && (
          <Box sx={{ display: 'flex', flex: 'none' }}>
            {!isTable && (
              <>
                <Action label="zoom_in" onClick={() => zoom(0.5)}>
                  <Add sx={{ fontSize: 18 }} />
                </Action>
                <Action label="zoom_out" onClick={() => zoom(2)}>
                  <Remove sx={{ fontSize: 18 }} />
                </Action>
                <Action label="whole" onClick={() => onView(whole)}>
                  <FitScreen sx={{ fontSize: 18 }} />
                </Action>
              </>
            )}
            <Action label="as_table" isPressed={isTable} onClick={() => setIsTable(!isTable)}>
              {isTable ? <Timeline sx={{ fontSize: 18 }} /> : <TableChart sx={{ fontSize: 18 }} />}
            </Action>
          </Box>
        )
      }
    >
      {partial && (
        <Alert severity="info" sx={{ mb: 1.5 }}>
          {partial}
        </Alert>
      )}
      {lanes.length === 0 ? (
        <EmptyState title={empty.title} text={empty.text} />
      ) : (
        <>
          <Legend aria-label={translate('timelines.chart.legend')}>
            {used.map((kind) => (
              <li key={kind}>
                <span className={`sign ${kind}`} aria-hidden />
                <span>{translate(`timelines.legend.${kind}`)}</span>
              </li>
            ))}
          </Legend>
          <Suspense fallback={loading}>
            {isTable ? (
              <LaneTable label={title} head={of} lanes={lanes} now={now} format={zone.format} />
            ) : (
              <LaneChart
                label={title}
                lanes={lanes}
                whole={whole}
                view={view}
                onView={onView}
                at={at}
                onAt={onAt}
                now={now}
                chosen={chosen}
                onChoose={onChoose}
                zone={zone}
              />
            )}
          </Suspense>
        </>
      )}
    </Panel>
  );
}

const middleOf = ({ from, to }: Span, at: number | null) =>
  at !== null && at > from && at < to ? at : (from + to) / 2;

const clipped = (view: Span, whole: Span): Span => ({
  from: Math.max(whole.from, view.from),
  to: Math.min(whole.to, view.to),
});

interface ActionProps {
  label: string;
  isPressed?: boolean;
  onClick: () => void;
  children: ReactNode;
}

function Action({ label, isPressed, onClick, children }: ActionProps) {
  const translate = useTranslate();
  const text = translate(`timelines.chart.${label}`);
  return (
    <Tooltip title={text}>
      <IconButton aria-label={text} aria-pressed={isPressed} onClick={onClick}>
        {children}
      </IconButton>
    </Tooltip>
  );
}

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
  '& .sign': { width: 22, height: 12, borderRadius: 3, backgroundColor: palette.text.secondary },
  '& .present': { height: 5 },
  '& .session': { opacity: 0.4 },
  '& .token': { height: 4, backgroundColor: palette.warning.main },
  '& .work': { backgroundColor: palette.primary.main },
  '& .scene': {
    backgroundColor: 'transparent',
    border: `1.5px solid ${palette.info.main}`,
  },
  '& .role': {
    backgroundColor: 'transparent',
    border: `1.5px dashed ${palette.primary.main}`,
  },
  '& .held': hatched(palette.warning.main),
  '& .blocked': hatched(palette.error.main),
}));

function hatched(color: string) {
  return {
    backgroundColor: 'transparent',
    border: `1px solid ${color}`,
    backgroundImage: `repeating-linear-gradient(45deg, ${color} 0 1.5px, transparent 1.5px 4px)`,
  };
}
