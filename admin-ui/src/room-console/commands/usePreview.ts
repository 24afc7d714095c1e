import { useQueries } from '@tanstack/react-query';
import { path, postJson } from '../../api/httpClient';
import type { Seat } from '../../api/records';
import { ACTS } from '@rolecall/server/acts';
import type { SeatPreview } from '@rolecall/server/api';
import { SCREEN_SOURCES } from './seatAction';
import { type PersonCommand, PERSON_COMMANDS } from './personCommands';

/** What is asked about a command whose effect depends on the person; null: it always does the same. */
function askedAbout(
  command: PersonCommand,
): { action: string; sources?: readonly string[] } | null {
  if (command === 'undo' || command === 'promoteAs') return null;
  if (command === 'approve') return { action: 'promote' };
  const { act } = PERSON_COMMANDS[command];
  if (!ACTS[act].isSimulated) return null;
  return { action: act, ...(command === 'stopShare' && { sources: SCREEN_SOURCES }) };
}

/** Without a promotion to take back, demoting is a choice of roles: nothing can be said before it. */
const isChoice = (command: PersonCommand, seat: Seat) => command === 'demote' && !seat.override;

const SETTLE_MS = 60_000;

/** What each command would physically do to this person now, in the words of the server that does it. */
export function usePreviews(
  room: string,
  seat: Seat,
  commands: readonly PersonCommand[],
  terms: { for?: string } = {},
): ReadonlyMap<PersonCommand, SeatPreview> {
  const state = `${seat.epoch} ${seat.isPresent} ${seat.tracks.map(({ sid, isMuted }) => `${sid}${isMuted}`)}`;
  const asked = commands.filter((command) => askedAbout(command) && !isChoice(command, seat));
  const answers = useQueries({
    queries: asked.map((command) => ({
      queryKey: ['preview', room, seat.identity, command, state, terms.for],
      staleTime: SETTLE_MS,
      retry: false,
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        postJson<SeatPreview>(
          path('rooms', room, 'seats', seat.identity, 'preview'),
          { ...askedAbout(command), ...terms },
          { signal },
        ),
    })),
  });
  return new Map(
    asked.flatMap((command, index) => {
      const preview = answers[index]?.data;
      return preview ? [[command, preview] as const] : [];
    }),
  );
}
