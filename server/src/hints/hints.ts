import { Injectable } from '@nestjs/common';

/** "Something about `key` changed": carries no state; listeners read the current state. */
export interface Hint {
  /** `room:<name>`, `rooms`, `livekit`, or `operator:<id>`, which is an API key's id as well. */
  topic: string;
  /**
   * What changed. Of a room: `seat`, `policy` (all its seats are looked at again), `stage`, `bulk`,
   * `scene`, `acting`, else the room itself. Of an operator: `access`, `session_ended`, …
   */
  type: string;
  /** An identity, a room's name, an operation's id, what `actingHint` says, a session's id. */
  key?: string | null;
}

/** The room itself changed: for watchers of the room and of the list of rooms. */
export function roomHints(room: string): Hint[] {
  return [
    { topic: `room:${room}`, type: 'room', key: room },
    { topic: 'rooms', type: 'room', key: room },
  ];
}

type Listener = (hints: Hint[]) => void;

/** Features publish here what they changed, after the commit; the event feed carries it to every server. */
@Injectable()
export class Hints {
  private readonly listeners = new Set<Listener>();

  publish(hints: Hint[]): void {
    for (const listener of this.listeners) listener(hints);
  }

  /** Returns the way to stop listening. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
