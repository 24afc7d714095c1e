import pg from 'pg';
import type { ClientClass } from './session-client.js';
import { type Settings, settingStatement } from './session-settings.js';

/** What `pg` has and its types leave out. */
interface Wire {
  parse(message: { text: string; name: string }): void;
  bind(message: object): void;
  execute(message: { portal: string; rows?: number }): void;
}

interface QueryParts {
  text: string;
  name?: string;
  query_timeout?: number;
  callback?: Callback;
  requiresPreparation(): boolean;
  prepare(wire: Wire): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, wire: Wire): void;
}

type Callback = (error: Error | null, result?: unknown) => void;

const Query = pg.Query as unknown as new (
  config: unknown,
  values?: unknown,
) => QueryParts & pg.Submittable;

const BEGIN = /^\s*(?:START\s+TRANSACTION|BEGIN)\b/i;
const TRANSACTION_CONTROL =
  /^\s*(?:START\s+TRANSACTION|BEGIN|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE)\b/i;

/**
 * Clients of a pooler that gives each transaction another session: no statement is kept prepared, and
 * the settings come with each transaction. They cost no round trip: both are sent at once.
 */
export function transactionClient(settings: Settings): ClientClass {
  const statement = settingStatement(settings, 'transaction');

  class SettledQuery extends Query {
    private isSetting = false;

    constructor(
      private readonly client: TransactionClient,
      config: unknown,
      values: unknown,
    ) {
      super(config, values);
      this.name = undefined;
      if (BEGIN.test(this.text)) this.text = `${committedReads(this.text)}; ${statement}`;
      const { query_timeout: timeout } = config as { query_timeout?: number };
      if (timeout) this.query_timeout = timeout;
    }

    override requiresPreparation(): boolean {
      if (this.client.isInTransaction || TRANSACTION_CONTROL.test(this.text))
        return super.requiresPreparation();
      return this.text !== '';
    }

    /** What comes before one Sync is one transaction, in which the settings hold. */
    override prepare(wire: Wire): void {
      if (!this.client.isInTransaction) {
        this.isSetting = true;
        wire.parse({ text: statement, name: '' });
        wire.bind({ portal: '', statement: '' });
        wire.execute({ portal: '' });
      }
      super.prepare(wire);
    }

    override handleDataRow(message: unknown): void {
      if (!this.isSetting) super.handleDataRow(message);
    }

    override handleCommandComplete(message: unknown, wire: Wire): void {
      if (this.isSetting) this.isSetting = false;
      else super.handleCommandComplete(message, wire);
    }
  }

  class TransactionClient extends pg.Client {
    get isInTransaction(): boolean {
      const { _txStatus: status } = this as unknown as { _txStatus: string | null };
      return status === 'T' || status === 'E';
    }

    // The overloads of `pg` are for its callers; TypeORM and the pool use these forms.
    override query(...given: unknown[]): never {
      const [config, values, callback] = given as [unknown, unknown, Callback | undefined];
      if (typeof (config as pg.Submittable).submit === 'function') {
        return super.query(config as pg.Submittable) as never;
      }
      const query = new SettledQuery(this, config, Array.isArray(values) ? values : undefined);
      const told = typeof values === 'function' ? (values as Callback) : callback;
      if (told) {
        query.callback = told;
        super.query(query);
        return undefined as never;
      }
      return new Promise((resolve, reject) => {
        query.callback = (error, result) => (error ? reject(error) : resolve(result));
        super.query(query);
      }) as never;
    }
  }

  return TransactionClient;
}

/** A role or a database may have another default. */
function committedReads(begin: string): string {
  return /ISOLATION/i.test(begin) ? begin : `${begin} ISOLATION LEVEL READ COMMITTED`;
}
