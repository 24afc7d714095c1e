import type { Seat } from '../../api/records';
import { FLAGS, type Flag, hasFlag, type Translate } from '../seat/seatFacts';

/** The cell that shows what LiveKit allows them now. */
export function flagsOf(seat: Seat, translate: Translate) {
  const { observed } = seat;
  if (!observed || !seat.isPresent) {
    return (
      <div
        role="gridcell"
        className="cell c-observed quiet"
        aria-label={translate('room_console.flags.unknown')}
      >
        –
      </div>
    );
  }
  const { label, path } = flagsInRow(
    FLAGS.filter((flag) => hasFlag(observed, flag)),
    translate,
  );
  return (
    <div role="gridcell" className="cell c-observed flags" aria-label={label} title={label}>
      <svg viewBox={`0 0 ${SLOT * FLAGS.length} ${SLOT}`} aria-hidden>
        <path d={path} />
      </svg>
    </div>
  );
}

const SLOT = 28;

/** Only the moves are absolute, so that a sign is put into its place by shifting those. */
const SIGN_PATHS: Record<Flag, string> = {
  microphone: 'M9 6a3 3 0 0 1 6 0v5a3 3 0 0 1-6 0zM6 11a6 6 0 0 0 12 0M12 17v3',
  camera: 'M4 8h11v8h-11zM15 11l5-2.5v7l-5-2.5',
  screen_share: 'M4 6h16v10h-16zM9 19.5h6',
  data: 'M4 6h16v10h-9l-4 3v-3h-3z',
  subscribe: 'M3 12s3.5-6 9-6 9 6 9 6-3.5 6-9 6-9-6-9-6zM12 10a2 2 0 1 0 .01 0',
  hidden: 'M4 12s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5zM5 19l14-14',
};

const inRows = new WeakMap<Translate, Map<string, { label: string; path: string }>>();

/**
 * All signs of a row in one shape, each in its own place so that rows read like a table, and what
 * they say. Kept, because a room has few kinds of people and thousands of them scroll by.
 */
function flagsInRow(held: readonly Flag[], translate: Translate) {
  const known = inRows.get(translate) ?? new Map<string, { label: string; path: string }>();
  inRows.set(translate, known);
  const key = held.join();
  let found = known.get(key);
  if (!found) {
    const words = held.map((flag) => translate(`room_console.flags.${flag}`)).join(', ');
    found = {
      label: translate('room_console.flags.label', {
        flags: words || translate('room_console.flags.nothing'),
      }),
      path: held.map((flag) => shifted(SIGN_PATHS[flag], SLOT * FLAGS.indexOf(flag))).join(''),
    };
    known.set(key, found);
  }
  return found;
}

const shifted = (path: string, by: number) =>
  path.replace(/M(\d+)/g, (_move, x: string) => `M${Number(x) + by}`);
