import { type KeyboardEvent, type PointerEvent, useId, useMemo, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import { Link } from 'react-router-dom';
import type { useZone } from '../../ledger/zone';
import { useWidth } from '../../ledger/chart/useWidth';
import { inkOn, templateColor } from '../../theme/templateColor';
import { timeTicks } from './axis';
import {
  type Bar,
  type Lane,
  layOut,
  nextBar,
  type PlacedBar,
  type PlacedLane,
  type PlacedMark,
  showing,
  type Span,
  xOf,
  zoomed,
} from './layout';
import { ChartRoot, HEAD } from './chartStyles';
import { Overview } from './Overview';
import { tickText } from './words';

export interface LaneChartProps {
  label: string;
  lanes: readonly Lane[];
  whole: Span;
  view: Span;
  onView: (view: Span) => void;
  /** The moment that the page is as of; null: now. */
  at: number | null;
  onAt: (at: number | null) => void;
  now: number;
  chosen: string | null;
  /** Null: nothing is chosen any more. */
  onChoose: (bar: Bar | null) => void;
  zone: ReturnType<typeof useZone>;
}

const LABELS = 128;
const NARROW = 560;
/** A press that moves less is a click. */
const CLICK = 4;

/** Lanes over time; it is read and moved through with the arrows, and zoomed with + and −. */
export function LaneChart(props: LaneChartProps) {
  const { label, lanes, whole, view, onView, at, onAt, now, chosen, onChoose, zone } = props;
  const translate = useTranslate();
  const id = useId();
  const [measure, width] = useWidth<HTMLDivElement>();
  const [active, setActive] = useState<string | null>(chosen);
  const [hovered, setHovered] = useState<string | null>(null);
  const isNarrow = width < NARROW;
  const left = isNarrow ? 0 : LABELS;
  const plot = Math.max(1, width - left);
  const layout = useMemo(
    () => layOut(lanes, { view, width: plot, now, isNarrow }),
    [lanes, view, plot, now, isNarrow],
  );
  const x = (moment: number) => xOf(moment, view, plot);
  const bars = useMemo(() => lanes.flatMap((lane) => lane.bars), [lanes]);
  const shown = bars.find((bar) => bar.id === (hovered ?? active)) ?? null;
  const ticks = timeTicks(view, plot, zone.zone);
  const height = HEAD + layout.height;

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const current = bars.find((bar) => bar.id === active);
    const next = nextBar(lanes, active, event.key);
    if (next) {
      setActive(next.id);
      onView(showing(view, next.from, whole));
    } else if ((event.key === 'Enter' || event.key === ' ') && current) {
      onAt(Math.max(whole.from, current.from));
      onChoose(current);
    } else if (event.key === 'Escape' && chosen !== null) onChoose(null);
    else if (event.key === '+' || event.key === '=') zoom(0.5, current?.from);
    else if (event.key === '-') zoom(2, current?.from);
    else if (event.key === '0') onView(whole);
    else return;
    event.preventDefault();
  };
  const zoom = (factor: number, around = (view.from + view.to) / 2) =>
    onView(zoomed(view, factor, around, whole));

  return (
    <ChartRoot ref={measure}>
      {width > 0 && (
        <div className="chart" style={{ height }}>
          {layout.lanes.map((placed) => (
            <LaneLabel key={placed.lane.id} placed={placed} width={isNarrow ? width : LABELS - 8} />
          ))}
          <div
            className="plot"
            style={{ left, width: plot, height }}
            role="listbox"
            tabIndex={0}
            aria-label={label}
            aria-activedescendant={active === null ? undefined : optionId(id, active)}
            aria-describedby={`${id}-keys`}
            onKeyDown={onKeyDown}
            onFocus={() => setActive(active ?? nextBar(lanes, null, 'End')?.id ?? null)}
          >
            <svg width={plot} height={height} role="presentation">
              <Patterns id={id} />
              <g aria-hidden>
                {view.to > now && (
                  <rect
                    className="ahead"
                    x={Math.max(0, x(now))}
                    y={HEAD}
                    width={plot - Math.max(0, x(now))}
                    height={layout.height}
                  />
                )}
                {ticks.map((tick) => (
                  <g key={tick}>
                    <line className="grid" x1={x(tick)} x2={x(tick)} y1={HEAD} y2={height} />
                    {isRoomAt(x(tick), plot) && (
                      <text x={x(tick)} y={HEAD - 7} textAnchor="middle">
                        {tickText(tick, ticks, zone.format)}
                      </text>
                    )}
                  </g>
                ))}
                {layout.lanes.map(({ lane, y, height: high }) => (
                  <line
                    key={lane.id}
                    className="rule"
                    x1={0}
                    x2={plot}
                    y1={HEAD + y + high}
                    y2={HEAD + y + high}
                  />
                ))}
              </g>
              <Surface plot={plot} height={height} view={view} onAt={onAt} />
              {layout.lanes.map((placed) => (
                <g key={placed.lane.id} role="group" aria-label={placed.lane.label}>
                  {placed.bars.map((one) => (
                    <BarShape
                      key={one.bar.id}
                      placed={one}
                      id={optionId(id, one.bar.id)}
                      hatch={id}
                      isActive={active === one.bar.id}
                      isChosen={chosen === one.bar.id}
                      onHover={setHovered}
                      onPress={(clientX, element) => {
                        setActive(one.bar.id);
                        const from = element.ownerSVGElement?.getBoundingClientRect().left ?? 0;
                        onAt(view.from + ((clientX - from) / plot) * (view.to - view.from));
                        onChoose(chosen === one.bar.id ? null : one.bar);
                      }}
                    />
                  ))}
                  {placed.marks.map((one) => (
                    <MarkShape key={one.marks[0]?.id} placed={one} />
                  ))}
                </g>
              ))}
              {now >= view.from && now <= view.to && (
                <line className="now" aria-hidden x1={x(now)} x2={x(now)} y1={HEAD} y2={height} />
              )}
            </svg>
          </div>
          <Cursor
            left={left}
            plot={plot}
            height={height}
            view={view}
            whole={whole}
            at={at}
            now={now}
            onAt={onAt}
            onView={onView}
            zone={zone}
          />
        </div>
      )}
      <p className="said" aria-hidden>
        {shown ? shown.said : translate('timelines.chart.hint')}
      </p>
      <p id={`${id}-keys`} hidden>
        {translate('timelines.chart.keys')}
      </p>
      {width > 0 && (
        <Overview
          lanes={lanes}
          whole={whole}
          view={view}
          onView={onView}
          left={left}
          width={plot}
          now={now}
          format={zone.format}
        />
      )}
    </ChartRoot>
  );
}

const optionId = (id: string, bar: string) => `${id}-${bar}`;

/** Words at the edges would be cut off. */
const isRoomAt = (x: number, plot: number) => x >= 30 && x <= plot - 30;

function LaneLabel({ placed: { lane, y }, width }: { placed: PlacedLane; width: number }) {
  const text = <bdi translate="no">{lane.label}</bdi>;
  return (
    <div className="label" style={{ top: HEAD + y, width }} title={lane.label}>
      {lane.to ? <Link to={lane.to}>{text}</Link> : <span>{text}</span>}
    </div>
  );
}

interface SurfaceProps {
  plot: number;
  height: number;
  view: Span;
  onAt: (at: number) => void;
}

/** A press anywhere sets the moment. */
function Surface({ plot, height, view, onAt }: SurfaceProps) {
  return (
    <rect
      className="surface"
      aria-hidden
      x={0}
      y={HEAD}
      width={plot}
      height={Math.max(0, height - HEAD)}
      onClick={(event) => {
        const { left } = event.currentTarget.getBoundingClientRect();
        onAt(view.from + ((event.clientX - left) / plot) * (view.to - view.from));
      }}
    />
  );
}

interface BarShapeProps {
  placed: PlacedBar;
  id: string;
  hatch: string;
  isActive: boolean;
  isChosen: boolean;
  onHover: (id: string | null) => void;
  onPress: (clientX: number, element: SVGGraphicsElement) => void;
}

function BarShape({ placed, id, hatch, isActive, isChosen, onHover, onPress }: BarShapeProps) {
  const { bar, x, width, y, height, ahead, hasChip } = placed;
  const top = HEAD + y;
  const isHatched = bar.kind === 'held' || bar.kind === 'blocked';
  const hasColor = bar.role !== null && (bar.kind === 'live' || bar.kind === 'present');
  const color = hasColor && bar.role ? templateColor(bar.role.key, bar.role.color) : undefined;
  const chip = hasChip && bar.role ? bar.role : null;
  return (
    <g
      id={id}
      role="option"
      aria-selected={isChosen}
      aria-label={bar.said}
      className={`bar ${bar.kind}${isActive ? ' is-active' : ''}${isChosen ? ' is-chosen' : ''}`}
      onPointerEnter={() => onHover(bar.id)}
      onPointerLeave={() => onHover(null)}
      onClick={(event) => onPress(event.clientX, event.currentTarget)}
    >
      <rect className="target" x={x} y={top + height / 2 - 12} width={width} height={24} />
      <rect
        className="shape"
        x={x}
        y={top}
        width={width}
        height={height}
        rx={Math.min(4, width / 2)}
        style={{ fill: isHatched ? `url(#${hatch}-${bar.kind})` : color }}
      />
      {ahead && (
        <rect className="to-come" x={ahead.x} y={top} width={ahead.width} height={height} rx={4} />
      )}
      {chip && <Letter role={chip} x={x} y={top + height / 2} />}
      {width > 56 && (bar.kind === 'blocked' || bar.kind === 'scene') && (
        <text className="name" x={x + 8} y={top + height / 2 + 4} aria-hidden>
          {bar.name.slice(0, Math.floor((width - 12) / 6.5))}
        </text>
      )}
    </g>
  );
}

function Letter({ role, x, y }: { role: NonNullable<Bar['role']>; x: number; y: number }) {
  const color = templateColor(role.key, role.color);
  const [first] = new Intl.Segmenter().segment(role.name.trim());
  return (
    <g className="letter" aria-hidden>
      <rect x={x} y={y - 9} width={18} height={18} rx={5} fill={color} />
      <text x={x + 9} y={y + 4} textAnchor="middle" style={{ fill: inkOn(color) }}>
        {(first?.segment ?? '?').toLocaleUpperCase()}
      </text>
    </g>
  );
}

function MarkShape({ placed: { x, y, marks } }: { placed: PlacedMark }) {
  const isRefused = marks.some((mark) => mark.isRefused);
  const top = HEAD + y;
  return (
    <g className={`mark${isRefused ? ' is-refused' : ''}`} aria-hidden>
      <title>{marks.map(({ said }) => said).join('\n')}</title>
      <line x1={x} x2={x} y1={top - 14} y2={top - 5} />
      <circle cx={x} cy={top} r={marks.length > 1 ? 7 : 4} />
      {marks.length > 1 && (
        <text x={x} y={top + 3.5} textAnchor="middle">
          {marks.length > 99 ? '99' : marks.length}
        </text>
      )}
    </g>
  );
}

interface CursorProps extends Pick<
  LaneChartProps,
  'view' | 'whole' | 'at' | 'now' | 'onAt' | 'onView' | 'zone'
> {
  left: number;
  plot: number;
  height: number;
}

/** The moment that the page is as of: dragged, or moved with the arrows. */
function Cursor({ left, plot, height, view, whole, at, now, onAt, onView, zone }: CursorProps) {
  const translate = useTranslate();
  const grip = useRef<{ x: number; from: number; isMoved: boolean } | null>(null);
  const moment = at ?? now;
  const x = xOf(moment, view, plot);
  const isShown = x >= -1 && x <= plot + 1;
  const last = Math.min(whole.to, now);
  const set = (next: number) => onAt(Math.max(whole.from, Math.min(last, next)));
  const text = at === null ? translate('timelines.as_of.now') : zone.format(moment, 'dayAndMinute');

  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    if (!grip.current) return;
    const by = event.clientX - grip.current.x;
    if (!grip.current.isMoved && Math.abs(by) < CLICK) return;
    grip.current.isMoved = true;
    set(grip.current.from + (by / plot) * (view.to - view.from));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = ((view.to - view.from) / 200) * (event.shiftKey ? 10 : 1);
    const by: Record<string, number> = {
      ArrowLeft: -step,
      ArrowDown: -step,
      ArrowRight: step,
      ArrowUp: step,
      PageDown: -10 * step,
      PageUp: 10 * step,
    };
    const moves = by[event.key];
    if (moves !== undefined) {
      const next = Math.max(whole.from, Math.min(last, moment + moves));
      onAt(next);
      onView(showing(view, next, whole));
    } else if (event.key === 'Home') set(whole.from);
    else if (event.key === 'End' || event.key === 'Escape') onAt(null);
    else return;
    event.preventDefault();
  };
  return (
    <div
      role="slider"
      tabIndex={0}
      className={`cursor${at === null ? ' is-now' : ''}${isShown ? '' : ' is-beyond'}`}
      aria-label={translate('timelines.as_of.slider')}
      aria-orientation="horizontal"
      aria-valuemin={whole.from}
      aria-valuemax={last}
      aria-valuenow={Math.max(whole.from, Math.min(last, moment))}
      aria-valuetext={text}
      style={{ left: left + Math.max(0, Math.min(plot, x)), height }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        grip.current = { x: event.clientX, from: moment, isMoved: false };
      }}
      onPointerMove={onPointerMove}
      onPointerUp={() => (grip.current = null)}
      onPointerCancel={() => (grip.current = null)}
      onKeyDown={onKeyDown}
    >
      <span className="flag" style={{ transform: `translateX(${-shift(x, plot)}px)` }} aria-hidden>
        {at === null ? text : translate('timelines.as_of.flag', { at: zone.format(at, 'minute') })}
      </span>
    </div>
  );
}

/** How far left of the line the flag begins, so that it stays on the picture. */
const FLAG = 88;
const shift = (x: number, plot: number) =>
  Math.max(
    FLAG / 2 - x > 0 ? Math.max(0, x) : FLAG / 2,
    x + FLAG / 2 > plot ? FLAG - (plot - x) : 0,
  );

function Patterns({ id }: { id: string }) {
  return (
    <defs>
      {(['held', 'blocked'] as const).map((kind) => (
        <pattern
          key={kind}
          id={`${id}-${kind}`}
          className={`hatch ${kind}`}
          width="6"
          height="6"
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(45)"
        >
          <rect className="hatch-back" width="6" height="6" />
          <rect className="hatch-line" width="2" height="6" />
        </pattern>
      ))}
    </defs>
  );
}
