import { useCallback, useState } from 'react';
import { useGetOne } from 'react-admin';
import { throttled, useLive } from '../../api/liveUpdates';
import type { ActiveScene, Room } from '../../api/records';

const REREAD_MS = 500;
/** No event carries the time to silence, so it is read again now and then. */
const FRESH_MS = 15_000;

/** The room itself: its options, its scene, and how long silence took there. */
export function useRoomRecord(room: string) {
  const { data, refetch } = useGetOne<Room>(
    'rooms',
    { id: room },
    { retry: false, onError: () => undefined, refetchInterval: FRESH_MS },
  );
  const [reread] = useState(() => throttled(() => void refetch(), REREAD_MS));
  // From the event, before the record is read again.
  const [changed, setChanged] = useState<{ scene: ActiveScene | null } | null>(null);
  useLive(`room:${room}`, {
    room: reread,
    reset: reread,
    scene: (events) => {
      setChanged({ scene: events.at(-1)?.scene ?? null });
      reread();
    },
  });
  const endedAt = useSessionEnd(data);
  const setScene = useCallback((scene: ActiveScene | null) => setChanged({ scene }), []);
  return {
    record: data,
    scene: changed ? changed.scene : (data?.scene ?? null),
    setScene,
    endedAt,
  };
}

/** When the session that was here as one came has ended; null again as soon as another begins. */
function useSessionEnd(record: Room | undefined): Date | null {
  const [session, setSession] = useState<{ isLive: boolean; endedAt: Date | null } | null>(null);
  const isLive = record && record.liveSince !== null;
  if (isLive !== undefined && isLive !== session?.isLive) {
    setSession({ isLive, endedAt: session?.isLive && !isLive ? new Date() : null });
  }
  return session?.endedAt ?? null;
}
