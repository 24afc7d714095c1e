import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { AppError } from '../common/errors/app-error.js';

/** OWASP's argon2id parameters: 19 MiB, two passes. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** Hashes under way at once; more would starve issuing on a small machine. */
const PARALLEL = 2;
const MAX_WAITING = 64;

@Injectable()
export class Passwords {
  private active = 0;
  private readonly waiting: (() => void)[] = [];
  private dummyHash: Promise<string> | null = null;

  hash(password: string): Promise<string> {
    return this.inTurn(() => hash(password, COST));
  }

  /**
   * Compares in the same time whether there is a hash or not: without one, with a hash that no
   * password fits.
   */
  async verify(passwordHash: string | null, password: string): Promise<boolean> {
    const known = passwordHash ?? (await this.unknownHash());
    const isRight = await this.inTurn(() => verify(known, password));
    return isRight && passwordHash !== null;
  }

  /** Made before the first sign-in, so that the first unknown e-mail is not the slow one. */
  async unknownHash(): Promise<string> {
    this.dummyHash ??= hash('no password is like this', COST);
    return this.dummyHash;
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.active >= PARALLEL) {
      if (this.waiting.length >= MAX_WAITING) {
        throw new AppError('unavailable', 'auth.busy', 'Too many people sign in at once.', {
          retryAfter: 2,
        });
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.active++;
    }
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.active--;
    }
  }
}
