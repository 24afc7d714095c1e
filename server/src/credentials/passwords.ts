import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { AppError } from '../common/errors/app-error.js';
import { FairQueue, QueueRejection } from '../common/fair-queue.js';

/** OWASP's argon2id parameters: 19 MiB, two passes. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** One at a time in each line: more would starve issuing on a small machine. */
const QUEUE = { atOnce: 1, perKey: 32, inAll: 256, patienceMs: 10_000 };

/** Known requesters do not wait behind unknown ones. */
export interface HashRequester {
  /** They take turns by it: an operator, or the network that somebody unknown comes from. */
  readonly key: string;
  readonly isKnown: boolean;
}

@Injectable()
export class Passwords {
  private readonly known = new FairQueue(QUEUE);
  private readonly unknown = new FairQueue(QUEUE);
  private dummyHash: Promise<string> | null = null;

  hash(password: string, requester: HashRequester): Promise<string> {
    return this.queued(requester, () => hash(password, COST));
  }

  /**
   * Compares in the same time whether there is a hash or not: without one, with a hash that no
   * password fits.
   */
  async verify(
    passwordHash: string | null,
    password: string,
    requester: HashRequester,
  ): Promise<boolean> {
    const known = passwordHash ?? (await this.unknownHash());
    const isRight = await this.queued(requester, () => verify(known, password));
    return isRight && passwordHash !== null;
  }

  /** Made before the first sign-in, so that the first unknown e-mail is not the slow one. */
  async unknownHash(): Promise<string> {
    this.dummyHash ??= hash('no password is like this', COST);
    return this.dummyHash;
  }

  private async queued<T>({ key, isKnown }: HashRequester, work: () => Promise<T>): Promise<T> {
    try {
      return await (isKnown ? this.known : this.unknown).run(key, work);
    } catch (error) {
      if (!(error instanceof QueueRejection)) throw error;
      throw new AppError('unavailable', 'auth.busy', 'Too many people sign in at once.', {
        retryAfter: 2,
      });
    }
  }
}
