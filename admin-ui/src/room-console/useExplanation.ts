import { useQuery } from '@tanstack/react-query';
import { effects, toParticipantPermission } from '@rolecall/server/grants';
import { getJson } from '../providers/httpClient';
import type { Explanation, RoleTemplate, Seat } from '../providers/records';

/** Why somebody has their role, asked anew whenever the seat changes. */
export const useExplanation = (room: string, seat: Seat | undefined, isEnabled: boolean) =>
  useQuery({
    queryKey: ['explain', room, seat?.identity, seat?.epoch, seat?.role?.version],
    enabled: isEnabled && seat !== undefined,
    staleTime: 30_000,
    retry: false,
    queryFn: ({ signal }) =>
      getJson<Explanation>('/explain', { query: { room, identity: seat!.identity }, signal }),
  });

/** The role that comes back when the override ends: the first that lost to it, by the server's word. */
export function roleUnderOverride(explanation: Explanation | undefined): string | null {
  const reasons = explanation?.because ?? [];
  if (reasons.find(({ outcome }) => outcome === 'wins')?.rule !== 'override') return null;
  const next = reasons.find(
    ({ outcome, rule, template }) =>
      outcome === 'loses' && (rule === 'assignment' || rule === 'default') && template,
  );
  return (next?.template as string | undefined) ?? null;
}

/** What would happen in the room, in the words of the same core that the server decides with. */
export function foresee(seat: Seat, template: RoleTemplate | undefined): string[] {
  if (!template || !seat.observed) return [];
  const observed = seat.observed as unknown as Parameters<typeof effects>[0];
  const wanted = toParticipantPermission(template.grants);
  return effects(observed, wanted, tracksOf(seat));
}

/** Where LiveKit differs from what it should have. */
export function differences(seat: Seat, explanation: Explanation | undefined): string[] {
  if (!seat.observed || !explanation?.grants) return [];
  const observed = seat.observed as unknown as Parameters<typeof effects>[0];
  const wanted = toParticipantPermission(explanation.grants);
  return effects(observed, wanted, tracksOf(seat));
}

function tracksOf(seat: Seat) {
  return seat.tracks.map((track) => ({ ...track, isMuted: track.isMuted ?? false }));
}
