import type { PersonCommand } from './personCommands';
import { FLAG_STROKE, STATUS_PATHS } from '../seat/signs';

const MIC = 'M9 6a3 3 0 0 1 6 0v5a3 3 0 0 1-6 0zM6 11a6 6 0 0 0 12 0M12 17v3';
const SLASH = 'M4.5 4l15 16';

const PATHS: Record<PersonCommand, string> = {
  approve: STATUS_PATHS.good,
  promote: 'M12 20V5M5.500 11.500 12 5l6.500 6.500',
  promoteAs: 'M12 20V9M6.500 14.500 12 9l5.500 5.500M6 4.500h12',
  decline: 'M6 6l12 12M18 6L6 18',
  invite: 'M4 6h16v12H4zM4 7l8 6 8-6',
  extend: 'M12 3a9 9 0 1 0 .01 0M12 7v5l3.500 2',
  demote: 'M12 4v15M5.500 12.500 12 19l6.500-6.500',
  hold: STATUS_PATHS.held,
  release: 'M8 5l11 7-11 7z',
  mute: MIC + SLASH,
  askUnmute: MIC,
  stopShare: `M4 6h16v10H4zM9 19.500h6${SLASH}`,
  remove: 'M14 4H5v16h9M10 12h11M17 8l4 4-4 4',
  block: STATUS_PATHS.blocked,
  unblock: 'M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 6.800-1',
  voidTokens: `M4 8h16v3a1.500 1.500 0 0 0 0 3v3H4v-3a1.500 1.500 0 0 0 0-3z${SLASH}`,
  undo: 'M4 9h10a5 5 0 0 1 0 10H9M8 5L4 9l4 4',
};

/** The sign of a command, the same wherever it is offered; the words are beside it. */
export function CommandSign({ command, size = 16 }: { command: PersonCommand; size?: number }) {
  return (
    <svg viewBox="0 0 24 24" width={size} height={size} aria-hidden {...FLAG_STROKE}>
      <path d={PATHS[command]} />
    </svg>
  );
}
