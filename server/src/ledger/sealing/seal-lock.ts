import { Injectable } from '@nestjs/common';
import { Connections } from '../../database/connections.js';
import { SessionLock } from '../../database/session-lock.js';

/**
 * The server that holds this lock seals and writes the mirror. One that wakes up later cannot fork
 * the tree: `ledger_seal` refuses a batch that does not begin where the tree ends.
 */
@Injectable()
export class SealLock extends SessionLock {
  constructor(connections: Connections) {
    super(connections, { number: 0x7365616c, name: 'seal' });
  }
}
