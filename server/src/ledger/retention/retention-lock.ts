import { Injectable } from '@nestjs/common';
import { Connections } from '../../database/connections.js';
import { SessionLock } from '../../database/session-lock.js';

/**
 * The server that holds this lock archives and forgets. One that wakes up later writes a file that
 * nobody asked for: `ledger_forget` takes only what is still there and still due.
 */
@Injectable()
export class RetentionLock extends SessionLock {
  constructor(connections: Connections) {
    super(connections, { number: 0x72657461, name: 'retention' });
  }
}
