import { connect, type TLSSocket } from 'node:tls';
import { type Delivery, DeliveryFailed, type Sender } from './delivery.js';
import { syslogFrame } from './syslog-frame.js';

const DEFAULT_PORT = 6514;
/** For all of it: a destination that reads slowly is waited for, but not for ever. */
const BATCH_MS = 30_000;
/** A destination that ends the connection without saying goodbye in TLS, as many do. */
const ENDED_BARE = 'ERR_SSL_UNEXPECTED_EOF_WHILE_READING';

export interface SyslogOptions {
  readonly url: string;
  readonly ca: readonly string[] | undefined;
}

/**
 * Syslog over TLS (RFC 5425). It has no receipts: so each batch has a connection of its own, and counts as
 * taken when the destination has ended it in answer to our end, having read all before that.
 */
export class SyslogSender implements Sender {
  private socket: TLSSocket | null = null;

  constructor(private readonly options: SyslogOptions) {}

  send(events: readonly Record<string, unknown>[]): Promise<Delivery> {
    const { hostname, port } = new URL(this.options.url);
    const { ca } = this.options;
    const host = hostname.replace(/^\[|\]$/g, '');
    return new Promise((resolve, reject) => {
      let isSent = false;
      let hasEnded = false;
      const socket = connect({
        host,
        port: port === '' ? DEFAULT_PORT : Number(port),
        servername: /^[\d.]+$|:/.test(host) ? '' : host,
        ...(ca && { ca: [...ca] }),
      });
      this.socket = socket;
      const timer = setTimeout(() => {
        fail(`it has not taken a batch within ${BATCH_MS / 1_000} seconds`);
      }, BATCH_MS);
      const fail = (message: string): void => {
        clearTimeout(timer);
        socket.destroy();
        reject(new DeliveryFailed(message));
      };
      socket.once('secureConnect', () => {
        for (const event of events) socket.write(syslogFrame(event));
        socket.end(() => (isSent = true));
      });
      socket.resume(); // what it says means nothing
      socket.once('end', () => {
        if (!isSent) fail('it ended the connection before it had everything');
        else hasEnded = true;
      });
      socket.once('error', (error: NodeJS.ErrnoException) => {
        if (isSent && error.code === ENDED_BARE) hasEnded = true;
        else fail(error.message);
      });
      socket.once('close', () => {
        clearTimeout(timer);
        if (hasEnded) resolve({ kind: 'taken' });
        else fail('the connection broke off');
      });
    });
  }

  close(): Promise<void> {
    this.socket?.destroy();
    return Promise.resolve();
  }
}
