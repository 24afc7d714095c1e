import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { useTranslate } from 'react-admin';
import { styled } from '@mui/material/styles';
import type { Seat } from '../../api/records';
import { nameOf, type Translate } from '../seat/seatFacts';
import { FAR, type Pulled, type Side, watchSwipes } from '../pointer/swipe';
import type { Console } from '../useConsole';
import { usePreviews } from '../commands/usePreview';
import { useSentence } from '../commands/useVerbWords';

type SwipeDesk = Pick<
  Console,
  'room' | 'roster' | 'obstacle' | 'act' | 'promoteTitle' | 'say' | 'guard'
>;

/** To each side what is done most; the buttons and keys of both are in the row and its menu. */
const VERBS = { right: 'promote', left: 'mute' } as const satisfies Record<Side, string>;

const SIGN = 20;
const SIGNS: Record<Side, string> = {
  right: 'M12 20V5M5.5 11.5 12 5l6.5 6.5',
  left: 'M9 6a3 3 0 0 1 6 0v5a3 3 0 0 1-6 0zM6 11a6 6 0 0 0 12 0M12 17v3M5 4l14 16',
};

export interface SwipeUnderProps {
  grid: RefObject<HTMLElement | null>;
  desk: SwipeDesk;
  /** While a row is pulled, all keep their places. */
  onGrip: (isPulled: boolean) => void;
}

/** What is beneath a row that a finger pulls aside; nothing at all as long as none is. */
export function SwipeUnder({ grid, desk, onGrip }: SwipeUnderProps) {
  const translate = useTranslate();
  const [pulled, setPulled] = useState<Pulled | null>(null);
  /** What the server would say, once it has been asked. */
  const refusal = useRef<string | null>(null);
  const onRefusal = useCallback((text: string | null) => {
    refusal.current = text;
  }, []);

  const onDone = ({ identity, side, row }: Pulled) => {
    const seat = desk.roster.store.seat(identity);
    if (!seat) return;
    const reason = whyNot(side, seat, desk, translate) ?? refusal.current;
    if (reason === null) desk.act(VERBS[side], identity, row);
    else desk.say(translate('room_console.said', { name: nameOf(seat), what: reason }), 'bad');
  };
  const onMoved = () => desk.say(translate('room_console.moved'), 'bad');
  const latest = useRef({ onDone, onGrip, onMoved });
  useEffect(() => {
    latest.current = { onDone, onGrip, onMoved };
  });
  const { isPressSettled } = desk.guard;
  useEffect(() => {
    if (!grid.current) return undefined;
    return watchSwipes(grid.current, {
      isSettled: isPressSettled,
      onMoved: () => latest.current.onMoved(),
      onPull: (now) => {
        latest.current.onGrip(true);
        setPulled(now);
      },
      onDone: (now) => latest.current.onDone(now),
      onBack: () => {
        latest.current.onGrip(false);
        setPulled(null);
      },
    });
  }, [grid, isPressSettled]);

  const seat = pulled && desk.roster.store.seat(pulled.identity);
  if (!seat) return null;
  const { identity, side } = pulled;
  return (
    <Beneath
      key={`${side} ${identity}`}
      desk={desk}
      pulled={pulled}
      seat={seat}
      onRefusal={onRefusal}
    />
  );
}

interface BeneathProps {
  desk: SwipeDesk;
  pulled: Pulled;
  seat: Seat;
  onRefusal: (text: string | null) => void;
}

/** What letting go would do, in the row's place; and over the end of the list, what that means. */
function Beneath({ desk, pulled, seat, onRefusal }: BeneathProps) {
  const translate = useTranslate();
  const sentence = useSentence();
  const { side, isFar, row } = pulled;
  const verb = VERBS[side];
  const known = whyNot(side, seat, desk, translate);
  const preview = usePreviews(desk.room, seat, known === null ? [verb] : []).get(verb);
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
      <Place
        data-side={side}
        data-far={isPossible && isFar}
        style={{ transform: row.style.transform }}
        // An addition for fingers: whoever hears the page has the buttons, and is told what is done.
        aria-hidden
      >
        <svg viewBox="0 0 24 24">
          <path d={SIGNS[side]} />
        </svg>
        <div>
          <b>{labelOf(side, seat, isPossible, desk.promoteTitle, translate)}</b>
          <span>{reason ?? translate(`room_console.swipe.${isFar ? 'far' : 'near'}`)}</span>
        </div>
      </Place>
      {createPortal(
        <Meaning data-bad={!isPossible} aria-hidden>
          {translate('room_console.said', { name, what: reason ?? sentence(verb, preview) })}
        </Meaning>,
        row.closest('.grid')!.parentElement!,
      )}
    </>
  );
}

const Place = styled('div')(({ theme: { palette } }) => ({
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
  // All of it is in sight when the row has been pulled far enough.
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

const Meaning = styled('div')(({ theme: { palette, shape } }) => ({
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

/** The same as by key; and who has left is no longer pulled anywhere. */
function whyNot(side: Side, seat: Seat, desk: SwipeDesk, translate: Translate): string | null {
  const { store } = desk.roster;
  if (store.read().gone.has(seat.identity)) return translate('room_console.sync.left');
  return desk.obstacle(VERBS[side], seat);
}

function labelOf(
  side: Side,
  seat: Seat,
  isPossible: boolean,
  promoteTitle: string,
  translate: Translate,
): string {
  if (side === 'left') return translate('room_console.verbs.mute');
  if (seat.hand) return translate('room_console.verbs.approve');
  return isPossible ? promoteTitle : translate('room_console.verbs.promote');
}
