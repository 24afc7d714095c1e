import pg from 'pg';
import { type Settings, settingStatement } from './session-settings.js';

/** Settings for clients of one kind, as a class that `pg.Pool` and TypeORM can make clients of. */
export type ClientClass = new (config?: string | pg.ClientConfig) => pg.Client;

type ConnectCallback = (error: Error | null, client?: pg.Client) => void;

/** Clients that own their session: they set it once, after connecting. */
export function sessionClient(settings: Settings): ClientClass {
  const statement = settingStatement(settings, 'session');
  // A pooler refuses most settings in the first message, so they are sent in the second.
  class SessionClient extends pg.Client {
    override connect(): Promise<pg.Client>;
    override connect(callback: ConnectCallback): void;
    override connect(callback?: ConnectCallback): Promise<pg.Client> | void {
      const connected = this.open();
      if (!callback) return connected;
      connected.then(
        () => callback(null, this),
        (error: Error) => callback(error),
      );
    }

    private async open(): Promise<pg.Client> {
      // Pools listen only from the end of this on: a death before would end the process.
      this.on('error', () => undefined);
      await super.connect();
      try {
        await this.query(statement);
      } catch (error) {
        void this.end().catch(() => undefined);
        throw error;
      }
      return this;
    }
  }
  return SessionClient;
}
