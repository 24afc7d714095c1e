import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { TreeReader } from '../../src/ledger/sealing/tree-reader.js';
import { type FaultyLibc, makeFaultyLibc } from './faulty-libc.js';
import { checkpointIn } from './ledger-world.js';
import { type OwnPostgres, startOwnPostgres } from './own-postgres.js';
import { type RolecallProcess, startRolecallProcess } from './rolecall-process.js';
import { makeSmallDisk, type SmallDisk } from './small-disk.js';
import { startTestApp, type TestApp } from './test-app.js';
import { until } from './until.js';

interface Issued {
  readonly jti: string;
  readonly leafHash: string;
}

const AT_ONCE = 3;
/** As fast as they can, they only take the processor from what they ask. */
const PACE_MS = 15;
/** Also on a machine that is busy with other things. */
export const PATIENCE_MS = 90_000;

/** Two servers over one Postgres, people who ask for tokens, and somebody who keeps checkpoints. */
export class CrashWorld {
  /** Every token that reached somebody. */
  readonly issued: Issued[] = [];
  /** How often there was none, by the status of the answer. */
  readonly notIssued = new Map<number | 'no answer', number>();
  /** Every checkpoint that somebody saw: its root by its size. */
  readonly seen = new Map<number, string>();
  private readonly forks: string[] = [];
  servers: RolecallProcess[] = [];
  private key = '';
  private isOver = false;
  private clients: Promise<void>[] = [];

  private running: OwnPostgres | null = null;
  /** Of Postgres' data; text: why it has none of its own. */
  readonly dataDisk: SmallDisk | string = makeSmallDisk();
  /** Of the mirror and the key. */
  readonly homeDisk: SmallDisk | string = makeSmallDisk();
  /** What Postgres runs on. */
  readonly libc: FaultyLibc | string = makeFaultyLibc();

  get postgres(): OwnPostgres {
    if (!this.running) throw new Error('The world has not been started.');
    return this.running;
  }

  async start(): Promise<void> {
    const { dataDisk, homeDisk, libc } = this;
    this.running = await startOwnPostgres({
      ...(typeof dataDisk === 'string' ? {} : { folder: dataDisk.folder }),
      ...(typeof homeDisk === 'string' ? {} : { home: homeDisk.folder }),
      ...(typeof libc === 'string' ? {} : { environment: libc.environment }),
    });
    const app = await this.openApp();
    const { headers } = await app.newApiKey(['token.issue']);
    this.key = headers['authorization'] as string;
    await app.newRoom({ name: 'crash', default_template: 'viewer' });
    await app.newUser({ identity: 'ana' });
    await app.stop();
    this.servers = [await this.startServer(), await this.startServer()];
  }

  async stop(): Promise<void> {
    for (const server of this.servers) await server.stop();
    await this.running?.stop();
    for (const part of [this.dataDisk, this.homeDisk, this.libc]) {
      if (typeof part !== 'string') part.remove();
    }
  }

  startServer(env: Record<string, string> = {}): Promise<RolecallProcess> {
    return startRolecallProcess({
      // Nothing is there: tokens do not need it.
      livekit: { url: 'ws://127.0.0.1:9', apiKey: 'crash', apiSecret: API_SECRET },
      database: this.postgres.database,
      env: {
        ROLECALL_LURKERS: 'off',
        ROLECALL_RATE_OPERATOR: '100000/1s',
        ROLECALL_RATE_CONNECT: '100000/1s',
        ...env,
      },
    });
  }

  /** A server in the test's own process, to look at what the others have left. */
  openApp(): Promise<TestApp> {
    return startTestApp({ database: this.postgres.database });
  }

  /** From now on tokens are asked for all the time. */
  beginAsking(): void {
    this.clients = Array.from({ length: AT_ONCE }, async (_, i) => {
      for (let n = i; !this.isOver; n++) {
        const server = this.servers[n % this.servers.length] as RolecallProcess;
        await Promise.all([this.ask(server), this.look(server), pause(PACE_MS)]);
      }
    });
  }

  async endAsking(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.clients);
  }

  anyServer(): RolecallProcess {
    return this.servers[randomInt(this.servers.length)] as RolecallProcess;
  }

  /** The server that seals now. */
  sealer(): Promise<RolecallProcess> {
    return until(
      'a server seals',
      async () => {
        for (const server of this.servers) {
          if ((await readLedger(server))?.sealing === 'sealing') return server;
        }
        return null;
      },
      PATIENCE_MS,
    );
  }

  /** Resolves when one of the servers says that the ledger has the problem. */
  untilProblem(code: string): Promise<unknown> {
    return until(
      `a server says ${code}`,
      async () => {
        const said = await Promise.all(this.servers.map(readLedger));
        return said.some((ledger) => ledger?.problems.includes(code));
      },
      PATIENCE_MS,
    );
  }

  /** Resolves when so many checkpoints more were seen. */
  untilSealed(times: number): Promise<unknown> {
    const before = this.seen.size;
    return until('the ledger is sealed', () => this.seen.size >= before + times, PATIENCE_MS);
  }

  untilRefused(times: number): Promise<unknown> {
    const count = () => this.notIssued.get(503) ?? 0;
    const before = count();
    return until('tokens are refused', () => count() >= before + times, PATIENCE_MS);
  }

  /** Asks for a token, and keeps what came. */
  async ask({ url }: RolecallProcess): Promise<void> {
    try {
      const answer = await fetch(`${url}/api/v1/tokens`, {
        method: 'POST',
        headers: { authorization: this.key, 'content-type': 'application/json' },
        body: JSON.stringify({ room: 'crash', identity: 'ana' }),
        signal: AbortSignal.timeout(5_000),
      });
      const { jti, leafHash } = (await answer.json()) as Issued;
      if (answer.status === 201) this.issued.push({ jti, leafHash });
      else this.count(answer.status);
    } catch {
      this.count('no answer');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Checkpoints that are not those of the tree as it is now. */
  async findForks(app: TestApp, size: number): Promise<string[]> {
    const tree = app.app.get(TreeReader);
    const forks = [...this.forks];
    for (const [at, root] of this.seen) {
      const found = at > size ? 'no such tree' : hexOf((await tree.edge(at)).root());
      if (found !== root) forks.push(`${at}: ${root} was signed, ${found} is there`);
    }
    return forks;
  }

  private count(why: number | 'no answer'): void {
    this.notIssued.set(why, (this.notIssued.get(why) ?? 0) + 1);
  }

  /** Keeps the checkpoint that a server shows, as a witness would. */
  private async look({ url }: RolecallProcess): Promise<void> {
    const answer = await fetch(`${url}/ledger/checkpoint`, {
      signal: AbortSignal.timeout(5_000),
    }).catch(() => null);
    const note = await answer?.text().catch(() => null);
    if (!answer?.ok || note == null) return;
    const { size, root } = checkpointIn(note);
    const known = this.seen.get(size);
    if (known !== undefined && known !== hexOf(root)) this.forks.push(`two of ${size} entries`);
    this.seen.set(size, hexOf(root));
  }
}

const API_SECRET = randomBytes(32).toString('hex');

interface LedgerView {
  readonly sealing: string;
  readonly problems: readonly string[];
}

async function readLedger({ url }: RolecallProcess): Promise<LedgerView | null> {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) });
    return answer.ok ? ((await answer.json()) as { ledger: LedgerView }).ledger : null;
  } catch {
    return null;
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
