import { requiredContext } from '../../shared/requiredContext';
import type { RosterStore } from './rosterStore';

/** Which room, and who is in it. It stays the same as long as the console shows this room. */
export interface RoomRoster {
  room: string;
  store: RosterStore;
  /** The name of a person, or the identity of somebody who is not known. */
  nameOf: (identity: string) => string;
}

export const [RoomRosterProvider, useRoomRoster] = requiredContext<RoomRoster>('RoomRoster');
