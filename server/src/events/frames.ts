import type { BulkOperationView } from '../bulk/bulk.schemas.js';
import type { Acting } from '../hints/acting.js';
import type { ActiveSceneView } from '../rooms/rooms.schemas.js';
import type { SeatView } from '../seats/views/seats.schemas.js';

/** The messages of the event stream that carry more than a name, by their event. */
export interface Frames {
  seats: { room: string; seats: SeatView[]; removed: string[] };
  room: { room: string };
  rooms: { rooms: string[] };
  stage: { room: string };
  scene: { room: string; scene: ActiveSceneView | null };
  bulk: { operation: BulkOperationView };
  acting: Acting;
  me: { reason: string };
}
