import type { ReactElement } from 'react';
import type { Seat } from '../../api/records';
import { FLAGS, hasFlag, tracksInWords, type Translate } from '../seat/seatFacts';

/** What somebody can send, in the order of the strip. */
export const SOURCES = ['microphone', 'camera', 'screen_share'] as const;
type Source = (typeof SOURCES)[number];

/** `held`: a moderator or a scene has taken it. Each state has a shape of its own beside its colour. */
const STATES = ['none', 'held', 'allowed', 'live'] as const;
export type State = (typeof STATES)[number];

/** The cell that shows what somebody may send and what of it is live now. */
export function mediaCell(seat: Seat, translate: Translate) {
  const observed: Observed = seat.observed ?? {};
  if (!seat.isPresent || (!seat.observed && seat.tracks.length === 0)) {
    return (
      <div
        role="gridcell"
        className="cell c-media quiet"
        aria-label={translate('room_console.flags.unknown')}
      >
        –
      </div>
    );
  }
  const label = labelOf(seat, observed, translate);
  return (
    <div role="gridcell" className="cell c-media" aria-label={label} title={label}>
      {stripOf(SOURCES.map((source) => stateOf(seat, observed, source)))}
    </div>
  );
}

type Observed = Record<string, unknown>;

export function stateOf(
  { tracks, hold, withheld }: Seat,
  observed: Observed,
  source: Source,
): State {
  if (tracks.some((track) => track.source === source && !track.isMuted)) return 'live';
  const isTaken = [hold, withheld].some((taken) => taken?.sources.includes(source));
  if (isTaken) return 'held';
  return hasFlag(observed, source) ? 'allowed' : 'none';
}

/** "May: microphone, camera. Live: mic" */
function labelOf(seat: Seat, observed: Observed, translate: Translate): string {
  const flags = FLAGS.filter((flag) => hasFlag(observed, flag))
    .map((flag) => translate(`room_console.flags.${flag}`))
    .join(', ');
  const may = translate('room_console.flags.label', {
    flags: flags || translate('room_console.flags.nothing'),
  });
  const tracks = tracksInWords(seat, translate);
  return tracks ? `${may}. ${translate('room_console.tracks.label', { tracks })}` : may;
}

/** In units of the drawing: the signs are drawn on 24 by 24. */
const [SLOT, BOX_WIDTH, BOX_HEIGHT] = [42, 36, 28];

/** Only the moves are absolute, so that a sign is put into its place by shifting those. */
export const SIGN_PATHS: Record<Source, string> = {
  microphone: 'M9 6a3 3 0 0 1 6 0v5a3 3 0 0 1-6 0zM6 11a6 6 0 0 0 12 0M12 17v3',
  camera: 'M4 8h11v8h-11zM15 11l5-2.5v7l-5-2.5',
  screen_share: 'M4 6h16v10h-16zM9 19.5h6',
};
export const SLASH = 'M4.5 4l15 16';
const BOX = 'M6 1h26a5 5 0 0 1 5 5v18a5 5 0 0 1-5 5h-26a5 5 0 0 1-5-5v-18a5 5 0 0 1 5-5z';

const strips = new Map<string, ReactElement>();

/**
 * One shape for all boxes and one for all signs of a state, and the same element for the same states:
 * thousands of rows scroll by, and few of them differ.
 */
function stripOf(states: readonly State[]): ReactElement {
  const key = states.join();
  let strip = strips.get(key);
  if (!strip) {
    strip = (
      <svg viewBox={`0 0 ${SLOT * SOURCES.length} ${BOX_HEIGHT + 2}`} aria-hidden>
        {STATES.filter((state) => states.includes(state)).map((state) => (
          <g key={state} className={`m-${state}`}>
            {state !== 'none' && <path className="box" d={pathOf(states, state, () => BOX)} />}
            <path
              d={pathOf(states, state, (source) => {
                const isSlashed = state === 'none' || state === 'held';
                return shifted(SIGN_PATHS[source] + (isSlashed ? SLASH : ''), SIGN_X, SIGN_Y);
              })}
            />
          </g>
        ))}
      </svg>
    );
    strips.set(key, strip);
  }
  return strip;
}

const SIGN_X = (BOX_WIDTH - 24) / 2 + 1;
const SIGN_Y = (BOX_HEIGHT - 24) / 2 + 1;

/** The shapes of all sources in a state, each in its own place so that rows read like a table. */
const pathOf = (states: readonly State[], state: State, shape: (source: Source) => string) =>
  SOURCES.map((source, at) =>
    states[at] === state ? shifted(shape(source), SLOT * at, 0) : '',
  ).join('');

const shifted = (path: string, dx: number, dy: number) =>
  path.replace(/M([\d.]+) ([\d.]+)/g, (_move, x: string, y: string) => {
    return `M${Number(x) + dx} ${Number(y) + dy}`;
  });
