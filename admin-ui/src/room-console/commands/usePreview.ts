import { useQueries } from '@tanstack/react-query';
import { path, postJson } from '../../api/httpClient';
import type { Seat } from '../../api/records';
import { ACTS } from '@rolecall/server/acts';
import type { SeatPreview } from '@rolecall/server/api';
import { SCREEN_SOURCES } from './seatAction';
import { type Verb, VERBS } from './verbs';

/** What is asked about a verb whose effect depends on the person; null: it always does the same. */
function askedAbout(verb: Verb): { action: string; sources?: readonly string[] } | null {
  if (verb === 'undo' || verb === 'promoteAs') return null;
  if (verb === 'approve') return { action: 'promote' };
  const { act } = VERBS[verb];
  if (!ACTS[act].isSimulated) return null;
  return { action: act, ...(verb === 'stopShare' && { sources: SCREEN_SOURCES }) };
}

/** Without a promotion to take back, demoting is a choice of roles: nothing can be said before it. */
const isChoice = (verb: Verb, seat: Seat) => verb === 'demote' && !seat.override;

const SETTLE_MS = 60_000;

/** What each verb would physically do to this person now, in the words of the server that does it. */
export function usePreviews(
  room: string,
  seat: Seat,
  verbs: readonly Verb[],
  terms: { for?: string } = {},
): ReadonlyMap<Verb, SeatPreview> {
  const state = `${seat.epoch} ${seat.isPresent} ${seat.tracks.map(({ sid, isMuted }) => `${sid}${isMuted}`)}`;
  const asked = verbs.filter((verb) => askedAbout(verb) && !isChoice(verb, seat));
  const answers = useQueries({
    queries: asked.map((verb) => ({
      queryKey: ['preview', room, seat.identity, verb, state, terms.for],
      staleTime: SETTLE_MS,
      retry: false,
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        postJson<SeatPreview>(
          path('rooms', room, 'seats', seat.identity, 'preview'),
          { ...askedAbout(verb), ...terms },
          { signal },
        ),
    })),
  });
  return new Map(
    asked.flatMap((verb, index) => {
      const preview = answers[index]?.data;
      return preview ? [[verb, preview] as const] : [];
    }),
  );
}
