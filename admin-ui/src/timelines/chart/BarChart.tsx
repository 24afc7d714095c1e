import { type KeyboardEvent, useId, useState } from 'react';
import { alpha, styled } from '@mui/material/styles';
import type { useZone } from '../../ledger/zone';
import { useWidth } from '../../ledger/chart/useWidth';
import { countTicks, timeTicks } from './axis';
import { type Span, xOf } from './layout';
import { tickText } from './words';

export interface Column {
  readonly at: number;
  readonly to: number;
  /** By the layers of the picture, from the bottom. */
  readonly counts: readonly number[];
  readonly said: string;
}

export interface BarChartProps {
  label: string;
  columns: readonly Column[];
  tones: readonly ('neutral' | 'good' | 'bad' | 'primary')[];
  /** The columns of this time are set apart; null: none. */
  chosen: Span | null;
  onChoose: (span: Span | null) => void;
  zone: ReturnType<typeof useZone>;
  hint: string;
}

const TOP = 8;
const PLOT = 84;
const AXIS = 18;
const RIGHT = 34;

/** Numbers over time; arrows go from bar to bar, and Enter chooses its time. */
export function BarChart(props: BarChartProps) {
  const { label, columns, tones, chosen, onChoose, zone, hint } = props;
  const id = useId();
  const [measure, width] = useWidth<HTMLDivElement>();
  const [active, setActive] = useState<number | null>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const plot = Math.max(1, width - RIGHT);
  const span = { from: columns[0]?.at ?? 0, to: columns.at(-1)?.to ?? 1 };
  const totals = columns.map(({ counts }) => counts.reduce((sum, count) => sum + count, 0));
  const { top, ticks } = countTicks(Math.max(0, ...totals), 2);
  const x = (at: number) => xOf(at, span, plot);
  const shown = columns[hovered ?? active ?? -1];
  const times = timeTicks(span, plot, zone.zone);

  const choose = (at: number) => {
    const column = columns[at];
    if (!column) return;
    setActive(at);
    const isChosen = chosen?.from === column.at && chosen.to === column.to;
    onChoose(isChosen ? null : { from: column.at, to: column.to });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const last = columns.length - 1;
    const step = STEPS[event.key];
    if (step !== undefined) setActive(Math.max(0, Math.min(last, (active ?? last) + step)));
    else if ((event.key === 'Enter' || event.key === ' ') && active !== null) choose(active);
    else if (event.key === 'Escape' && chosen) onChoose(null);
    else return;
    event.preventDefault();
  };
  return (
    <Root ref={measure}>
      {width > 0 && (
        <div
          role="listbox"
          tabIndex={0}
          aria-label={label}
          aria-activedescendant={active === null ? undefined : `${id}-${active}`}
          onKeyDown={onKeyDown}
          onFocus={() => setActive(active ?? columns.length - 1)}
        >
          <svg width={width} height={TOP + PLOT + AXIS} role="presentation">
            <g aria-hidden>
              {ticks.map((count) => {
                const y = TOP + PLOT - (count / top) * PLOT;
                return (
                  <g key={count}>
                    <line className="grid" x1={0} x2={plot} y1={y} y2={y} />
                    <text x={width} y={y + 4} textAnchor="end">
                      {count}
                    </text>
                  </g>
                );
              })}
              {times.map((at) => {
                const text = tickText(at, times, zone.format);
                const half = text.length * 3;
                // Half a label says less than none.
                if (x(at) < half || x(at) > plot - half) return null;
                return (
                  <text key={at} x={x(at)} y={TOP + PLOT + AXIS - 3} textAnchor="middle">
                    {text}
                  </text>
                );
              })}
            </g>
            {columns.map(({ at, to, counts, said }, index) => {
              const isChosen = chosen !== null && at < chosen.to && to > chosen.from;
              const state = `${index === active ? ' is-active' : ''}${isChosen ? ' is-chosen' : ''}`;
              let y = TOP + PLOT;
              return (
                <g
                  key={at}
                  id={`${id}-${index}`}
                  role="option"
                  aria-selected={isChosen}
                  aria-label={said}
                  className={`column${state}`}
                  onPointerEnter={() => setHovered(index)}
                  onPointerLeave={() => setHovered(null)}
                  onClick={() => choose(index)}
                >
                  <rect
                    className="target"
                    x={x(at)}
                    y={0}
                    width={x(to) - x(at)}
                    height={TOP + PLOT}
                  />
                  {counts.map((count, layer) => {
                    if (count === 0) return null;
                    const height = Math.max(2, (count / top) * PLOT);
                    y -= height;
                    return (
                      <rect
                        key={tones[layer]}
                        className={tones[layer]}
                        x={x(at) + 0.75}
                        y={y}
                        width={Math.max(1, x(to) - x(at) - 1.5)}
                        height={height}
                        rx={1}
                      />
                    );
                  })}
                </g>
              );
            })}
          </svg>
        </div>
      )}
      <p aria-hidden>{shown?.said ?? hint}</p>
    </Root>
  );
}

const STEPS: Record<string, number> = {
  ArrowLeft: -1,
  ArrowUp: -1,
  ArrowRight: 1,
  ArrowDown: 1,
  PageUp: -10,
  PageDown: 10,
  Home: -10_000,
  End: 10_000,
};

const Root = styled('div')(({ theme: { palette } }) => ({
  minWidth: 0,
  userSelect: 'none',
  '& svg': { display: 'block' },
  '& [role=listbox]': { borderRadius: 4, width: '100%' },
  '& [role=listbox]:focus-visible': {
    outline: `2px solid ${palette.primary.main}`,
    outlineOffset: 2,
  },
  '& text': { fontSize: 11, fill: palette.text.secondary },
  '& .grid': { stroke: palette.divider },
  '& .column': { cursor: 'pointer' },
  '& .target': { fill: 'transparent' },
  '& .column:hover .target': { fill: palette.action.hover },
  '& .column.is-chosen .target': { fill: alpha(palette.primary.main, 0.16) },
  '& [role=listbox]:focus-visible .is-active .target': {
    fill: palette.action.selected,
    stroke: palette.text.primary,
  },
  '& .neutral': { fill: palette.text.disabled, opacity: 0.6 },
  '& .good': { fill: palette.success.main },
  '& .bad': { fill: palette.error.main },
  '& .primary': { fill: palette.primary.main },
  '& p': {
    margin: '4px 0 0',
    minHeight: 19,
    fontSize: '.8125rem',
    lineHeight: '19px',
    color: palette.text.secondary,
  },
}));
