import { useQuery } from '@tanstack/react-query';
import { effects, toParticipantPermission } from '@rolecall/server/grants';
import { getJson } from '../../api/httpClient';
import type { Explanation, Seat } from '../../api/records';

/** Why somebody has their role; read again whenever the seat changes. */
export const useExplanation = (room: string, seat: Seat | undefined, isEnabled: boolean) =>
  useQuery({
    queryKey: ['explain', room, seat?.identity, seat?.epoch, seat?.role?.version],
    enabled: isEnabled && seat !== undefined,
    staleTime: 30_000,
    retry: false,
    queryFn: ({ signal }) =>
      getJson<Explanation>('/explain', { query: { room, identity: seat!.identity }, signal }),
  });

/** How what LiveKit allows differs from what the role gives. */
export function differences(seat: Seat, explanation: Explanation | undefined): string[] {
  if (!seat.observed || !explanation?.grants) return [];
  const observed = seat.observed as unknown as Parameters<typeof effects>[0];
  const wanted = toParticipantPermission(explanation.grants);
  return effects(observed, wanted, tracksOf(seat));
}

function tracksOf(seat: Seat) {
  return seat.tracks.map((track) => ({ ...track, isMuted: track.isMuted ?? false }));
}
