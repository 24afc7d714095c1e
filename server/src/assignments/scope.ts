import { exactPattern } from '../grants/pattern.js';

/** How an assignment's scope is stored: both null = all rooms. */
export interface StoredScope {
  roomName: string | null;
  roomPattern: string | null;
}

export type Scope = { room: string } | { pattern: string } | { all: true };

export function toStored(scope: Scope): StoredScope {
  return {
    roomName: 'room' in scope ? scope.room : null,
    roomPattern: 'pattern' in scope ? scope.pattern : null,
  };
}

export function toScope({ roomName, roomPattern }: StoredScope): Scope {
  if (roomName !== null) return { room: roomName };
  return roomPattern !== null ? { pattern: roomPattern } : { all: true };
}

/** The pattern of the rooms that a scope reaches; null = all. */
export function patternOf({ roomName, roomPattern }: StoredScope): string | null {
  return roomName === null ? roomPattern : exactPattern(roomName);
}
