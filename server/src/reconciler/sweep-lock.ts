import { Injectable } from '@nestjs/common';
import { Connections } from '../database/connections.js';
import { SessionLock } from '../database/session-lock.js';

/**
 * The server that holds this lock sweeps. One that wakes up later may finish its sweep beside the
 * new one, which is harmless: every call is absolute.
 */
@Injectable()
export class SweepLock extends SessionLock {
  constructor(connections: Connections) {
    super(connections, { number: 0x726f6c65, name: 'sweep' });
  }
}
