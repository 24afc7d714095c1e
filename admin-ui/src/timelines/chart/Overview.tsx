import { type KeyboardEvent, type PointerEvent, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import type { useZone } from '../../ledger/zone';
import { type Lane, layOut, type Span, spanned, xOf } from './layout';

export interface OverviewProps {
  lanes: readonly Lane[];
  whole: Span;
  view: Span;
  onView: (view: Span) => void;
  left: number;
  width: number;
  now: number;
  format: ReturnType<typeof useZone>['format'];
}

const HEIGHT = 34;
const MOST_LANES = 12;

/** The whole time, small, with the part that is shown: a drag or the two handles choose it. */
export function Overview({ lanes, whole, view, onView, left, width, now, format }: OverviewProps) {
  const translate = useTranslate();
  const [draft, setDraft] = useState<Span | null>(null);
  const start = useRef<number | null>(null);
  const shown = draft ?? view;
  const x = (at: number) => xOf(at, whole, width);
  const placed = layOut(lanes.slice(0, MOST_LANES), { view: whole, width, now, isNarrow: false });
  const handles = handlesAt(x(shown.from), x(shown.to), width);
  const row = (HEIGHT - 8) / Math.max(1, placed.lanes.length);

  const timeAt = (event: PointerEvent<HTMLElement>) => {
    const { left: begin } = event.currentTarget.getBoundingClientRect();
    return whole.from + ((event.clientX - begin) / width) * (whole.to - whole.from);
  };
  const end = (event: PointerEvent<HTMLElement>) => {
    if (start.current === null) return;
    const chosen = spanned(start.current, timeAt(event), whole);
    start.current = null;
    setDraft(null);
    if (chosen) onView(chosen);
  };
  const move = (side: 'from' | 'to', to: number) => {
    const least = (whole.to - whole.from) / 200;
    const bounded =
      side === 'from'
        ? Math.max(whole.from, Math.min(view.to - least, to))
        : Math.min(whole.to, Math.max(view.from + least, to));
    onView({ ...view, [side]: bounded });
  };
  return (
    <div style={{ marginLeft: left, width }}>
      <div
        className="overview"
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          start.current = timeAt(event);
        }}
        onPointerMove={(event) => {
          if (start.current !== null) setDraft(spanned(start.current, timeAt(event), whole));
        }}
        onPointerUp={end}
        onPointerCancel={() => {
          start.current = null;
          setDraft(null);
        }}
        onDoubleClick={() => onView(whole)}
      >
        <svg width={width} height={HEIGHT} aria-hidden>
          {placed.lanes.map(({ lane, bars }, at) =>
            bars.map(({ bar, x: from, width: wide }) => (
              <rect
                key={`${lane.id} ${bar.id}`}
                className={`tiny ${bar.kind}`}
                x={from}
                y={4 + at * row}
                width={Math.max(1.5, wide)}
                height={Math.max(1.5, Math.min(4, row - 1))}
              />
            )),
          )}
        </svg>
        <div
          className="window"
          style={{ left: x(shown.from), width: Math.max(2, x(shown.to) - x(shown.from)) }}
        />
        {(['from', 'to'] as const).map((side) => (
          <Handle
            key={side}
            label={translate(`timelines.chart.${side}`)}
            text={format(shown[side], 'dayAndMinute')}
            value={shown[side]}
            whole={whole}
            x={handles[side]}
            width={width}
            onMove={(to) => move(side, to)}
            onWhole={() => onView(whole)}
          />
        ))}
      </div>
      <div className="ends" aria-hidden>
        <span>{format(whole.from, 'dayAndMinute')}</span>
        <span>{format(whole.to, 'dayAndMinute')}</span>
      </div>
    </div>
  );
}

const HANDLE = 24;

/** Outside of what is shown, so that they never cover each other or leave the picture. */
function handlesAt(from: number, to: number, width: number) {
  const half = HANDLE / 2;
  const begin = Math.max(half, Math.min(width - HANDLE - half, from - half));
  return { from: begin, to: Math.max(begin + HANDLE, Math.min(width - half, to + half)) };
}

interface HandleProps {
  label: string;
  text: string;
  value: number;
  whole: Span;
  x: number;
  width: number;
  onMove: (to: number) => void;
  onWhole: () => void;
}

function Handle({ label, text, value, whole, x, width, onMove, onWhole }: HandleProps) {
  const grip = useRef<{ x: number; value: number } | null>(null);
  const length = whole.to - whole.from;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS[event.key];
    if (step !== undefined) onMove(value + (step * length) / 100);
    else if (event.key === 'Escape') onWhole();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      role="slider"
      tabIndex={0}
      className="handle"
      aria-label={label}
      aria-orientation="horizontal"
      aria-valuemin={whole.from}
      aria-valuemax={whole.to}
      aria-valuenow={value}
      aria-valuetext={text}
      style={{ left: x }}
      onPointerDown={(event) => {
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
        grip.current = { x: event.clientX, value };
      }}
      onPointerMove={(event) => {
        if (!grip.current) return;
        onMove(grip.current.value + ((event.clientX - grip.current.x) / width) * length);
      }}
      onPointerUp={() => (grip.current = null)}
      onPointerCancel={() => (grip.current = null)}
      onKeyDown={onKeyDown}
    />
  );
}

const STEPS: Record<string, number> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
  Home: -100,
  End: 100,
};
