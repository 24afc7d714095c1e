import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { ForgottenStretch } from './forgotten-leaves.js';
import type { HashedStretch, Stretch } from './stretch-hasher.js';
import type { Stretches } from './stretches.js';

/** What each worker gets when it starts. */
export interface WorkerInput {
  readonly databaseUrl: string;
  readonly snapshot: string;
  /** Null in place of the folder: the mirror is elsewhere. */
  readonly mirror: { readonly folder: string | null; readonly size: number } | null;
  readonly forgotten: readonly ForgottenStretch[];
}

export type StretchAnswer =
  | { readonly hashed: HashedStretch }
  | { readonly failure: { readonly message: string; readonly code: string | undefined } };

const PROGRAM = new URL('./stretch-worker.js', import.meta.url);

/** Threads that hash stretches of the tree. `end` ends them, with what they are doing. */
export class StretchWorkers implements Stretches {
  private readonly workers: StretchWorker[];

  constructor(count: number, input: WorkerInput, program = PROGRAM) {
    this.workers = Array.from({ length: count }, () => new StretchWorker(input, program));
  }

  /** One waits in each worker, so that none of them has to wait itself. */
  get atOnce(): number {
    return 2 * this.workers.length + 1;
  }

  hash(stretch: Stretch): Promise<HashedStretch> {
    const [idlest] = [...this.workers].sort((a, b) => a.waiting - b.waiting);
    return (idlest as StretchWorker).hash(stretch);
  }

  async end(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.end()));
  }
}

interface Waiting {
  readonly resolve: (hashed: HashedStretch) => void;
  readonly reject: (error: Error) => void;
}

class StretchWorker {
  private readonly worker: Worker;
  private readonly queue: Waiting[] = [];
  private failure: Error | null = null;

  constructor(input: WorkerInput, program: URL) {
    this.worker = new Worker(program, { workerData: input });
    this.worker.on('message', (answer: StretchAnswer) => this.take(answer));
    this.worker.on('error', (error: Error) => this.fail(error));
    this.worker.on('exit', () => this.fail(new Error('a thread that verifies has ended')));
  }

  get waiting(): number {
    return this.queue.length;
  }

  /** It answers in the order in which it was asked. */
  hash(stretch: Stretch): Promise<HashedStretch> {
    if (this.failure) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.queue.push({ resolve, reject });
      this.worker.postMessage(stretch);
    });
  }

  async end(): Promise<void> {
    if (this.failure) return;
    const ended = once(this.worker, 'exit');
    await this.worker.terminate();
    await ended;
  }

  private take(answer: StretchAnswer): void {
    const waiting = this.queue.shift();
    if ('hashed' in answer) waiting?.resolve(answer.hashed);
    else {
      const { message, code } = answer.failure;
      waiting?.reject(Object.assign(new Error(message), { code }));
    }
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const { reject } of this.queue.splice(0)) reject(this.failure);
  }
}
