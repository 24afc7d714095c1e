import { Injectable } from '@nestjs/common';
import { Connections } from '../../database/connections.js';
import { SessionLock } from '../../database/session-lock.js';

/**
 * The server that holds this lock sends. One that wakes up later may send a batch again, and cannot move
 * a position that another one has moved.
 */
@Injectable()
export class StreamLock extends SessionLock {
  constructor(connections: Connections) {
    super(connections, { number: 0x7374726d, name: 'stream' });
  }
}
