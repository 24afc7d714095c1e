import { useTranslate } from 'react-admin';
import { alpha, styled } from '@mui/material/styles';
import type { Seat } from '../../api/records';
import { SIGN_PATHS, SLASH, SOURCES, type State, stateOf } from '../grid/mediaStrip';
import { hasFlag } from '../seat/seatFacts';
import { FLAG_STROKE } from '../seat/signs';

const CHAT_PATH = 'M4 5h16v11H11l-4 4v-4H4z';
const PATHS = { ...SIGN_PATHS, chat: CHAT_PATH };
const TAKEN: readonly State[] = ['held', 'none'];

/** What somebody may send and what of it is live, each in a word. */
export function MediaTiles({ seat }: { seat: Seat }) {
  const translate = useTranslate();
  const observed: Record<string, unknown> = seat.observed ?? {};
  const chat = hasFlag(observed, 'data') ? 'allowed' : seat.withheld?.data ? 'held' : 'none';
  const tiles = [
    ...SOURCES.map((source) => [source, stateOf(seat, observed, source)] as const),
    ['chat', chat] as const,
  ];
  return (
    <Tiles aria-label={translate('room_console.panel.media')}>
      {tiles.map(([source, state]) => (
        <li key={source} data-state={state}>
          <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden {...FLAG_STROKE}>
            <path d={PATHS[source] + (TAKEN.includes(state) ? SLASH : '')} />
          </svg>
          <span>{translate(`room_console.panel.sources.${source}`)}</span>
          <b>{translate(`room_console.grid.states.${state}`)}</b>
        </li>
      ))}
    </Tiles>
  );
}

const Tiles = styled('ul')(({ theme: { palette, shape } }) => {
  const taken = palette.mode === 'light' ? palette.warning.dark : palette.warning.main;
  const live = palette.mode === 'light' ? palette.success.dark : palette.success.main;
  return {
    display: 'grid',
    gridTemplateColumns: '1fr 1fr',
    gap: 6,
    margin: '12px 0',
    padding: 0,
    listStyle: 'none',
    fontSize: '.8125rem',
    '& li': {
      display: 'flex',
      alignItems: 'center',
      gap: 5,
      minHeight: 34,
      padding: '2px 8px',
      border: `1px solid ${palette.divider}`,
      borderRadius: shape.borderRadius,
      color: palette.text.primary,
    },
    '& svg': { flex: 'none' },
    '& b': {
      marginInlineStart: 'auto',
      fontSize: '.6875rem',
      fontWeight: 600,
      whiteSpace: 'nowrap',
    },
    '& [data-state=none]': { color: palette.text.secondary, borderStyle: 'dashed' },
    '& [data-state=none] b, & [data-state=allowed] b': {
      color: palette.text.secondary,
      fontWeight: 400,
    },
    '& [data-state=live]': {
      color: live,
      borderColor: live,
      backgroundColor: alpha(palette.success.main, 0.12),
    },
    '& [data-state=held]': {
      color: taken,
      borderColor: taken,
      backgroundColor: alpha(palette.warning.main, 0.12),
    },
  };
});
