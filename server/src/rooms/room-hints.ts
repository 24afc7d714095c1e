import { type Hint, type Hints } from '../hints/hints.js';
import type { Tx } from '../ledger/transactions.js';

/** Tells of a change once it is committed. `policy`: what everybody in the room has is checked again. */
export function notifyOfRoom(
  tx: Tx,
  hints: Hints,
  name: string,
  type: 'room' | 'policy' = 'room',
): void {
  const all: Hint[] = [
    { topic: 'rooms', type: 'room', key: name },
    { topic: `room:${name}`, type: 'room', key: name },
  ];
  if (type === 'policy') all.push({ topic: `room:${name}`, type, key: null });
  tx.afterCommit(() => hints.publish(all));
}
