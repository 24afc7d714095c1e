import type { QueryClient } from '@tanstack/react-query';
import { liveConnection, throttled } from '../api/liveUpdates';
import { may } from '../session/permissions';
import { session } from '../session/session';

/** What every page needs: fresh room lists, and one's own rights as they are now. */
export function connectLists(client: QueryClient) {
  const invalidateRooms = throttled(() => {
    // Lists only: a record that is being edited stays the one that its form started from.
    void client.invalidateQueries({ queryKey: ['rooms', 'getList'] });
  });
  const refreshRights = throttled(() => {
    void session
      .refresh()
      .then(() => client.invalidateQueries({ queryKey: ['auth'] }))
      .catch(() => undefined);
  });
  // Asking for a topic that one may not see would cost the whole stream.
  const stopRooms = may(session.get(), 'room.read')
    ? liveConnection.subscribe('rooms', () => ({ rooms: invalidateRooms, reset: invalidateRooms }))
    : () => undefined;
  const stopMe = liveConnection.subscribe('me', () => ({ me: refreshRights }));
  return () => {
    stopRooms();
    stopMe();
  };
}
