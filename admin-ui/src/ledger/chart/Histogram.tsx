import { type PointerEvent, useId, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import { styled } from '@mui/material/styles';
import type { useZone } from '../zone';
import { moved, roundUp, snapped, type Span, timeTicks } from './scale';
import { countOf, type Counts, LAYERS, totalOf } from './tones';
import { useWidth } from './useWidth';

export interface Bucket {
  at: number;
  to: number;
  counts: Counts;
}

export interface HistogramProps {
  buckets: readonly Bucket[];
  span: Span;
  brush: Span | null;
  onBrush: (brush: Span | null) => void;
  onZoom: () => void;
  format: ReturnType<typeof useZone>['format'];
  offsetMs: (at: number) => number;
}

const TOP = 16;
const PLOT = 68;
const AXIS = 18;
const RIGHT = 34;
const HEIGHT = TOP + PLOT + AXIS;

/** Acts over time as bars; a drag or the two handles choose a part of it. */
export function Histogram(props: HistogramProps) {
  const { buckets, span, brush, onBrush, onZoom, format, offsetMs } = props;
  const translate = useTranslate();
  const hatch = useId();
  const [ref, width] = useWidth<HTMLDivElement>();
  const [draft, setDraft] = useState<Span | null>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const start = useRef<number | null>(null);
  const plot = Math.max(1, width - RIGHT);
  const edges = [...buckets.map(({ at }) => at), ...buckets.slice(-1).map(({ to }) => to)];
  const x = (at: number) => ((at - span.from) / (span.to - span.from)) * plot;
  const most = roundUp(Math.max(1, ...buckets.map(({ counts }) => totalOf(counts))));
  const y = (count: number) => (count / most) * PLOT;
  const shown = draft ?? brush;
  const isDays = span.to - span.from > 2 * 86_400_000;
  const isShort = span.to - span.from < 10 * 60_000;

  const timeAt = (event: PointerEvent<Element>) => {
    const { left } = event.currentTarget.getBoundingClientRect();
    const part = Math.max(0, Math.min(1, (event.clientX - left) / plot));
    return span.from + part * (span.to - span.from);
  };
  const onPointerDown = (event: PointerEvent<SVGRectElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = timeAt(event);
  };
  const onPointerMove = (event: PointerEvent<SVGRectElement>) => {
    const at = timeAt(event);
    if (start.current === null) {
      const index = edges.findLastIndex((edge) => edge <= at);
      setHovered(index >= 0 && index < buckets.length ? index : null);
    } else setDraft(snapped({ from: start.current, to: at }, edges));
  };
  const onPointerUp = (event: PointerEvent<SVGRectElement>) => {
    if (start.current === null) return;
    const chosen = snapped({ from: start.current, to: timeAt(event) }, edges);
    start.current = null;
    setDraft(null);
    if (chosen) onBrush(chosen);
  };
  const cancel = () => {
    start.current = null;
    setDraft(null);
  };

  const bucket = hovered === null ? undefined : buckets[hovered];
  const time = (at: number) => format(at, isDays ? 'dayAndMinute' : isShort ? 'clock' : 'minute');
  return (
    <Root ref={ref}>
      {width > 0 && (
        <svg width={width} height={HEIGHT} aria-hidden>
          <defs>
            <pattern
              id={hatch}
              width="4"
              height="4"
              patternUnits="userSpaceOnUse"
              patternTransform="rotate(45)"
            >
              <rect className="hatch-back" width="4" height="4" />
              <rect className="hatch-line" width="1.8" height="4" />
            </pattern>
          </defs>
          {[1, 0.5].map((part) => (
            <g key={part}>
              <line
                className="grid"
                x1={0}
                x2={plot}
                y1={TOP + y(most * (1 - part))}
                y2={TOP + y(most * (1 - part))}
              />
              <text x={width} y={TOP + y(most * (1 - part)) + 4} textAnchor="end">
                {most * part >= 1 ? Math.round(most * part) : ''}
              </text>
            </g>
          ))}
          {buckets.map(({ at, to, counts }) => (
            <Bar
              key={at}
              x={x(at)}
              width={Math.max(1, x(to) - x(at) - 1.5)}
              counts={counts}
              y={y}
              hatch={hatch}
            />
          ))}
          <line className="axis" x1={0} x2={plot} y1={TOP + PLOT} y2={TOP + PLOT} />
          {timeTicks(span, Math.max(2, Math.floor(plot / 84)), offsetMs).map((at) => (
            <text key={at} x={x(at)} y={HEIGHT - 3} textAnchor={anchorAt(x(at), plot)}>
              {tickText(at, offsetMs, format, isShort)}
            </text>
          ))}
          {shown && (
            <g>
              <rect
                className="brush"
                x={x(shown.from)}
                y={TOP}
                width={Math.max(0, x(shown.to) - x(shown.from))}
                height={PLOT}
              />
              <path
                className="brush-edge"
                d={`M${x(shown.from)} ${TOP}v${PLOT}M${x(shown.to)} ${TOP}v${PLOT}`}
              />
            </g>
          )}
          {(shown ?? bucket) && (
            <text
              className="said"
              x={
                shown
                  ? middle(x(shown.from), x(shown.to), plot)
                  : middle(x(bucket!.at), x(bucket!.at), plot)
              }
              y={11}
              textAnchor="middle"
            >
              {shown
                ? `${time(shown.from)} – ${time(shown.to)}`
                : `${time(bucket!.at)} · ${
                    LAYERS.filter((layer) => countOf(bucket!.counts, layer) > 0)
                      .map(
                        (layer) =>
                          `${countOf(bucket!.counts, layer)} ${translate(`ledger.layer.${layer.id}`)}`,
                      )
                      .join(', ') || '0'
                  }`}
            </text>
          )}
          <rect
            className="surface"
            x={0}
            y={0}
            width={plot}
            height={TOP + PLOT}
            onPointerDown={onPointerDown}
            onPointerMove={onPointerMove}
            onPointerUp={onPointerUp}
            onPointerCancel={cancel}
            onPointerLeave={() => setHovered(null)}
            onDoubleClick={onZoom}
          />
        </svg>
      )}
      {width > 0 &&
        buckets.length > 0 &&
        (['from', 'to'] as const).map((side) => {
          const whole = { from: edges[0] ?? 0, to: edges.at(-1) ?? 0 };
          const at = (shown ?? whole)[side];
          const index = edges.indexOf(at);
          return (
            <Handle
              key={side}
              role="slider"
              tabIndex={0}
              className={shown ? 'is-set' : undefined}
              aria-label={translate(`ledger.chart.${side}`)}
              aria-orientation="horizontal"
              aria-valuemin={0}
              aria-valuemax={edges.length - 1}
              aria-valuenow={Math.max(0, index)}
              aria-valuetext={format(at, 'dayAndMinute')}
              style={{ left: x(at) }}
              onKeyDown={(event) => {
                const by = stepOf(event.key);
                if (event.ctrlKey || event.metaKey || event.altKey) return;
                if (event.key === 'Escape' && brush) {
                  event.stopPropagation();
                  onBrush(null);
                } else if (event.key === 'Enter' && brush) onZoom();
                else if (by !== 0) onBrush(moved(shown ?? whole, side, by, edges));
                else return;
                event.preventDefault();
              }}
            />
          );
        })}
    </Root>
  );
}

const STEPS: Record<string, number> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -5,
  PageUp: 5,
  Home: -10_000,
  End: 10_000,
};
const stepOf = (key: string) => STEPS[key] ?? 0;

/** So that words at the edges stay on the picture. */
const anchorAt = (x: number, plot: number) => (x < 24 ? 'start' : x > plot - 10 ? 'end' : 'middle');
const middle = (from: number, to: number, plot: number) =>
  Math.max(64, Math.min(plot - 64, (from + to) / 2));

/** A day where one begins, else the time. */
function tickText(
  at: number,
  offsetMs: (at: number) => number,
  format: HistogramProps['format'],
  isShort: boolean,
) {
  const isMidnight = (at + offsetMs(at)) % 86_400_000 === 0;
  return format(at, isMidnight ? 'day' : isShort ? 'clock' : 'minute');
}

interface BarProps {
  x: number;
  width: number;
  counts: Counts;
  y: (count: number) => number;
  hatch: string;
}

function Bar({ x, width, counts, y, hatch }: BarProps) {
  let top = TOP + PLOT;
  return LAYERS.map((layer) => {
    const count = countOf(counts, layer);
    if (count === 0) return null;
    const height = Math.max(2, y(count) - (layer.id === 'done' ? 0 : 1));
    top -= height + (layer.id === 'done' ? 0 : 1);
    return (
      <rect
        key={layer.id}
        className={layer.id}
        x={x}
        y={top}
        width={width}
        height={height}
        rx={1}
        fill={layer.id === 'refused' ? `url(#${hatch})` : undefined}
      />
    );
  });
}

const Root = styled('div')(({ theme }) => ({
  position: 'relative',
  height: HEIGHT,
  userSelect: 'none',
  '& svg': { display: 'block' },
  '& text': { fontSize: 11, fill: theme.palette.text.secondary },
  '& .said': { fill: theme.palette.primary.main, fontWeight: 650 },
  '& .grid': { stroke: theme.palette.divider },
  '& .axis': { stroke: theme.palette.text.disabled },
  '& .done': { fill: theme.palette.primary.main, opacity: 0.8 },
  '& .open': { fill: 'none', stroke: theme.palette.warning.main, strokeDasharray: '2 1.5' },
  '& .refused': { stroke: theme.palette.error.main, strokeWidth: 0.8 },
  '& .hatch-back': { fill: theme.palette.background.paper },
  '& .hatch-line': { fill: theme.palette.error.main },
  '& .brush': { fill: theme.palette.primary.main, fillOpacity: 0.12 },
  '& .brush-edge': { stroke: theme.palette.primary.main, strokeWidth: 1.6 },
  '& .surface': { fill: 'transparent', cursor: 'crosshair', touchAction: 'pan-y' },
}));

const Handle = styled('div')(({ theme }) => ({
  position: 'absolute',
  top: TOP + PLOT / 2 - 12,
  width: 24,
  height: 24,
  marginLeft: -12,
  borderRadius: 12,
  pointerEvents: 'none',
  '&.is-set::after, &:focus-visible::after': {
    content: '""',
    position: 'absolute',
    left: 8,
    top: 2,
    width: 8,
    height: 20,
    borderRadius: 4,
    border: `1.6px solid ${theme.palette.primary.main}`,
    backgroundColor: theme.palette.background.paper,
  },
}));
