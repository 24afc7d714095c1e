import type { FeedEvent } from './event-feed.js';

const ROOM = 'room:';

/** Changes that wait to be sent: several changes of one thing are sent once. */
export interface PendingChanges {
  /** Room → identities whose seats changed; null: any of them may have. */
  readonly seats: Map<string, Set<string> | null>;
  readonly rooms: Set<string>;
  readonly stages: Set<string>;
  readonly scenes: Set<string>;
  /** Room → ids of operations. */
  readonly bulk: Map<string, Set<string>>;
  /** Room → what `actingHint` wrote. */
  readonly acting: Map<string, Set<string>>;
  readonly roomList: Set<string>;
  lastId: number;
}

export function noChanges(): PendingChanges {
  return {
    seats: new Map(),
    rooms: new Set(),
    stages: new Set(),
    scenes: new Set(),
    bulk: new Map(),
    acting: new Map(),
    roomList: new Set(),
    lastId: 0,
  };
}

export function isEmpty({ lastId: _, ...parts }: PendingChanges): boolean {
  return Object.values(parts).every(({ size }) => size === 0);
}

export function collectChanges(
  events: readonly FeedEvent[],
  lastId: number,
  into = noChanges(),
): PendingChanges {
  for (const { topic, type, key } of events) {
    if (topic === 'rooms' && key !== null) into.roomList.add(key);
    if (topic.startsWith(ROOM)) collectOfRoom(topic.slice(ROOM.length), type, key, into);
  }
  into.lastId = Math.max(into.lastId, lastId);
  return into;
}

function collectOfRoom(room: string, type: string, key: string | null, into: PendingChanges): void {
  switch (type) {
    case 'seat':
    case 'policy':
      addSeat(into, room, key);
      break;
    case 'stage':
      into.stages.add(room);
      break;
    case 'scene':
      into.scenes.add(room);
      break;
    case 'bulk':
      if (key !== null) addTo(into.bulk, room, key);
      break;
    case 'acting':
      if (key !== null) addTo(into.acting, room, key);
      break;
    default:
      into.rooms.add(room);
  }
}

function addSeat({ seats }: PendingChanges, room: string, identity: string | null): void {
  const identities = seats.get(room);
  if (identity === null) seats.set(room, null);
  else if (identities !== null) seats.set(room, (identities ?? new Set()).add(identity));
}

function addTo(sets: Map<string, Set<string>>, room: string, value: string): void {
  sets.set(room, (sets.get(room) ?? new Set()).add(value));
}

export function mergeChanges(from: PendingChanges, into: PendingChanges): void {
  for (const [room, identities] of from.seats) {
    if (!identities) addSeat(into, room, null);
    for (const identity of identities ?? []) addSeat(into, room, identity);
  }
  for (const set of ['rooms', 'stages', 'scenes', 'roomList'] as const) {
    for (const name of from[set]) into[set].add(name);
  }
  for (const sets of ['bulk', 'acting'] as const) {
    for (const [room, values] of from[sets])
      for (const value of values) addTo(into[sets], room, value);
  }
  into.lastId = Math.max(into.lastId, from.lastId);
}
