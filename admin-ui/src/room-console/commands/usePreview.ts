import { useQueries } from '@tanstack/react-query';
import { path, postJson } from '../../api/httpClient';
import type { Seat } from '../../api/records';
import { SCREEN_SOURCES } from './seatAction';
import type { Verb } from './verbs';

export interface Preview {
  effects: string[];
  /** Why the server would refuse; null when it would not. */
  problem: string | null;
}

/** The verbs whose effect depends on the person; the others always do the same. */
const ASKED: Partial<Record<Verb, { action: string; sources?: readonly string[] }>> = {
  promote: { action: 'promote' },
  approve: { action: 'promote' },
  demote: { action: 'demote' },
  hold: { action: 'hold' },
  release: { action: 'release' },
  stopShare: { action: 'hold', sources: SCREEN_SOURCES },
  mute: { action: 'mute' },
  remove: { action: 'remove' },
  block: { action: 'block' },
};

/** Without a promotion to take back, demoting is a choice of roles: nothing can be said before it. */
const isChoice = (verb: Verb, seat: Seat) => verb === 'demote' && !seat.override;

const SETTLE_MS = 60_000;

/** What each verb would physically do to this person now, in the words of the server that does it. */
export function usePreviews(
  room: string,
  seat: Seat,
  verbs: readonly Verb[],
  terms: { for?: string } = {},
): ReadonlyMap<Verb, Preview> {
  const state = `${seat.epoch} ${seat.isPresent} ${seat.tracks.map(({ sid, isMuted }) => `${sid}${isMuted}`)}`;
  const asked = verbs.filter((verb) => ASKED[verb] && !isChoice(verb, seat));
  const answers = useQueries({
    queries: asked.map((verb) => ({
      queryKey: ['preview', room, seat.identity, verb, state, terms.for],
      staleTime: SETTLE_MS,
      retry: false,
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        postJson<Preview>(
          path('rooms', room, 'seats', seat.identity, 'preview'),
          { ...ASKED[verb], ...terms },
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
