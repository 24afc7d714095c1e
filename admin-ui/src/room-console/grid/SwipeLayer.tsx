import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { useTranslate } from 'react-admin';
import { styled } from '@mui/material/styles';
import type { Seat } from '../../api/records';
import { nameOf } from '../../shared/nameOf';
import { type Translate } from '../seat/seatFacts';
import { FAR, type Pulled, type Side, watchSwipes } from '../pointer/swipe';
import { useCommands } from '../commands/useSeatCommands';
import { type SeatRules, useRules } from '../commands/useSeatRules';
import { useShowNotice } from '../notices/useNotices';
import { useRoomRoster } from '../roster/rosterContext';
import type { RosterStore } from '../roster/rosterStore';
import { usePreviews } from '../commands/usePreview';
import { useSentence } from '../commands/useCommandWords';

/** The most frequent act on each side; both have buttons and keys as well. */
const SWIPES = { right: 'promote', left: 'mute' } as const satisfies Record<Side, string>;

const SIGN = 20;
const SIGNS: Record<Side, string> = {
  right: 'M12 20V5M5.5 11.5 12 5l6.5 6.5',
  left: 'M9 6a3 3 0 0 1 6 0v5a3 3 0 0 1-6 0zM6 11a6 6 0 0 0 12 0M12 17v3M5 4l14 16',
};

export interface SwipeLayerProps {
  grid: RefObject<HTMLElement | null>;
  /** Whether the row that was just touched had been there long enough to be meant. */
  isPressSettled: () => boolean;
  /** While a row is pulled, all rows keep their places. */
  onPull: (isPulled: boolean) => void;
}

/** Shows, under a row that a finger pulls aside, what letting go would do. */
export function SwipeLayer({ grid, isPressSettled, onPull }: SwipeLayerProps) {
  const translate = useTranslate();
  const { store } = useRoomRoster();
  const { obstacle } = useRules();
  const { act, refuse } = useCommands();
  const showNotice = useShowNotice();
  const [pulled, setPulled] = useState<Pulled | null>(null);
  /** What the server would say, once it has been asked. */
  const refusal = useRef<string | null>(null);
  const onRefusal = useCallback((text: string | null) => {
    refusal.current = text;
  }, []);

  const onDone = ({ identity, side, row }: Pulled) => {
    const seat = store.seat(identity);
    if (!seat) return;
    const reason = whyNot(side, seat, store, obstacle, translate) ?? refusal.current;
    if (reason === null) act(SWIPES[side], identity, row);
    else refuse(identity, reason);
  };
  const onMoved = () => showNotice(translate('room_console.moved'), 'bad');
  const latest = useRef({ onDone, onPull, onMoved });
  useEffect(() => {
    latest.current = { onDone, onPull, onMoved };
  });
  useEffect(() => {
    if (!grid.current) return undefined;
    return watchSwipes(grid.current, {
      isSettled: isPressSettled,
      onMoved: () => latest.current.onMoved(),
      onPull: (now) => {
        latest.current.onPull(true);
        setPulled(now);
      },
      onDone: (now) => latest.current.onDone(now),
      onBack: () => {
        latest.current.onPull(false);
        setPulled(null);
      },
    });
  }, [grid, isPressSettled]);

  const seat = pulled && store.seat(pulled.identity);
  if (!seat) return null;
  const { identity, side } = pulled;
  return (
    <PulledRow key={`${side} ${identity}`} pulled={pulled} seat={seat} onRefusal={onRefusal} />
  );
}

interface PulledRowProps {
  pulled: Pulled;
  seat: Seat;
  onRefusal: (text: string | null) => void;
}

/** What letting go would do, in the row's place, and its effect over the end of the list. */
function PulledRow({ pulled, seat, onRefusal }: PulledRowProps) {
  const translate = useTranslate();
  const { room, store } = useRoomRoster();
  const { obstacle, promoteTitle } = useRules();
  const sentence = useSentence();
  const { side, isFar, row } = pulled;
  const command = SWIPES[side];
  const known = whyNot(side, seat, store, obstacle, translate);
  const preview = usePreviews(room, seat, known === null ? [command] : []).get(command);
  const problem = preview?.problem ?? null;
  useEffect(() => {
    onRefusal(problem);
    return () => onRefusal(null);
  }, [onRefusal, problem]);
  const reason = known ?? problem;
  const isPossible = reason === null;
  const name = nameOf(seat);
  return (
    <>
      <Layer
        data-side={side}
        data-far={isPossible && isFar}
        style={{ transform: row.style.transform }}
        // For fingers only: screen readers have the buttons, and announce what was done.
        aria-hidden
      >
        <svg viewBox="0 0 24 24">
          <path d={SIGNS[side]} />
        </svg>
        <div>
          <b>{labelOf(side, seat, isPossible, promoteTitle, translate)}</b>
          <span>{reason ?? translate(`room_console.swipe.${isFar ? 'far' : 'near'}`)}</span>
        </div>
      </Layer>
      {createPortal(
        <Effect data-bad={!isPossible} aria-hidden>
          {translate('room_console.said', { name, what: reason ?? sentence(command, preview) })}
        </Effect>,
        row.closest('.grid')!.parentElement!,
      )}
    </>
  );
}

const Layer = styled('div')(({ theme: { palette } }) => ({
  position: 'absolute',
  insetInline: 0,
  top: 0,
  height: 'var(--row-height)',
  display: 'flex',
  alignItems: 'center',
  gap: 8,
  paddingInline: 8,
  backgroundColor: palette.background.default,
  color: palette.text.secondary,
  fontSize: '.6875rem',
  lineHeight: 1.2,
  '&[data-side=left]': { flexDirection: 'row-reverse', textAlign: 'end' },
  // Not by colour alone: the words change as well.
  '&[data-far=true]': {
    backgroundColor: palette.primary.main,
    color: palette.primary.contrastText,
  },
  '&[data-far=true][data-side=left]': {
    backgroundColor: palette.warning.main,
    color: palette.warning.contrastText,
  },
  '& svg': {
    flex: 'none',
    width: SIGN,
    fill: 'none',
    stroke: 'currentColor',
    strokeWidth: 2.2,
    strokeLinecap: 'round',
    strokeLinejoin: 'round',
  },
  // All of it is visible when the row has been pulled far enough.
  '& > div': { width: FAR - SIGN - 3 * 8, maxHeight: '100%', overflow: 'hidden' },
  '& b': { display: 'block' },
  '& span': {
    display: '-webkit-box',
    WebkitBoxOrient: 'vertical',
    WebkitLineClamp: 2,
    overflow: 'hidden',
  },
  '[data-size=narrow] & span': { WebkitLineClamp: 3 },
}));

const Effect = styled('div')(({ theme: { palette, shape } }) => ({
  position: 'absolute',
  insetInline: 8,
  bottom: 8,
  zIndex: 3,
  padding: '6px 12px',
  border: `1px solid ${palette.primary.main}`,
  borderRadius: shape.borderRadius,
  backgroundColor: palette.background.default,
  fontSize: '.8125rem',
  pointerEvents: 'none',
  '&[data-bad=true]': { borderColor: palette.error.main, color: palette.error.main },
}));

/** The same as by key; and nothing is done to people who have left. */
function whyNot(
  side: Side,
  seat: Seat,
  store: RosterStore,
  obstacle: SeatRules['obstacle'],
  translate: Translate,
): string | null {
  if (store.read().gone.has(seat.identity)) return translate('room_console.sync.left');
  return obstacle(SWIPES[side], seat);
}

function labelOf(
  side: Side,
  seat: Seat,
  isPossible: boolean,
  promoteTitle: string,
  translate: Translate,
): string {
  if (side === 'left') return translate('room_console.commands.mute');
  if (seat.hand) return translate('room_console.commands.approve');
  return isPossible ? promoteTitle : translate('room_console.commands.promote');
}
