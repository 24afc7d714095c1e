import type { NoteVerifier } from '../tree/note.js';
import { parseCheckpoint } from '../tree/checkpoint.js';
import { verifierOf } from '../tree/note-keys.js';
import type { PolicyWitness, WitnessPolicy } from './policy.js';
import {
  type Cosignature,
  readShownCheckpoint,
  type SignedCheckpoint,
  submitCheckpoint,
  type WitnessReply,
} from './submit-checkpoint.js';

/** What the rounds need of the log. */
export interface WitnessedLog {
  newest(): Promise<SignedCheckpoint | null>;
  consistencyProof(oldSize: number, newSize: number): Promise<Uint8Array[]>;
  keep(size: number, witness: PolicyWitness, cosignature: Cosignature): Promise<void>;
  /** Whether the note is a checkpoint that this log has signed, and does not continue now. */
  contradicts(note: string): Promise<boolean>;
}

/** A witness has proof that the log was rolled back or rewritten. */
export interface WitnessAlarm {
  readonly witness: string;
  readonly detail: string;
  readonly at: Date;
}

export interface WitnessStanding {
  readonly name: string;
  readonly url: string;
  /** Null: none that is known here. */
  cosigned: { readonly size: number; readonly at: Date } | null;
  /** Why the last attempt failed; null: it did not. */
  lastError: string | null;
}

interface Member {
  readonly witness: PolicyWitness;
  readonly url: string;
  readonly verifier: NoteVerifier;
  readonly standing: WitnessStanding;
  busy: Promise<void> | null;
  failures: number;
  retryAt: number;
}

const TIMEOUT_MS = 5_000;
const LONGEST_BACKOFF_MS = 60_000;
/** A log without new entries is cosigned again, so that its witnesses are known to live. */
const REFRESH_MS = 10 * 60_000;

/** Asks all witnesses of a policy for cosignatures, in parallel, each with its own timeout. */
export class Cosigning {
  readonly alarms: WitnessAlarm[] = [];
  private readonly members: Member[];
  private readonly ended = new AbortController();
  private round: { size: number; cosigned: Set<string> } | null = null;

  constructor(
    private readonly policy: WitnessPolicy,
    private readonly log: WitnessedLog,
    private readonly onAlarm: (alarm: WitnessAlarm) => void,
  ) {
    this.members = policy.witnesses.flatMap((witness) =>
      witness.url === null ? [] : [memberOf(witness, witness.url)],
    );
  }

  get standings(): readonly Readonly<WitnessStanding>[] {
    return this.members.map(({ standing }) => standing);
  }

  /** What was cosigned before this process began. */
  restore(name: string, size: number, at: Date): void {
    const standing = this.members.find(({ witness }) => witness.name === name)?.standing;
    if (standing && (standing.cosigned?.size ?? -1) <= size) standing.cosigned = { size, at };
  }

  /**
   * One round: offers the newest checkpoint to every witness that has not cosigned it. Resolves as
   * soon as the quorum is met; slower witnesses go on.
   */
  async offerNewest(): Promise<{ size: number; isMet: boolean } | null> {
    const checkpoint = await this.log.newest();
    if (!checkpoint) return null;
    const { size } = checkpoint;
    const round = { size, cosigned: new Set<string>() };
    this.round = round;
    for (const member of this.members) {
      if (isFresh(member, size)) round.cosigned.add(member.witness.name);
      else if (!member.busy && member.retryAt <= performance.now()) this.begin(member, checkpoint);
    }
    const isMet = (): boolean => this.policy.isMet(round.cosigned);
    while (!isMet()) {
      const busy = this.members.flatMap((member) => member.busy ?? []);
      if (busy.length === 0) break;
      await Promise.race(busy);
    }
    return { size, isMet: isMet() };
  }

  async stop(): Promise<void> {
    this.ended.abort();
    await Promise.all(this.members.flatMap(({ busy }) => busy ?? []));
  }

  private begin(member: Member, checkpoint: SignedCheckpoint): void {
    member.busy = this.ask(member, checkpoint)
      .then(
        () => succeed(member),
        (error: unknown) => fail(member, error),
      )
      .finally(() => (member.busy = null));
  }

  private async ask(member: Member, checkpoint: SignedCheckpoint): Promise<void> {
    const { witness, standing } = member;
    const { size } = checkpoint;
    const known = standing.cosigned?.size ?? 0;
    let reply = await this.submit(member, checkpoint, Math.min(known, size));
    if (reply.kind === 'other_size' && reply.size <= size) {
      reply = await this.submit(member, checkpoint, reply.size);
    }
    switch (reply.kind) {
      case 'cosigned': {
        const { cosignature } = reply;
        await this.log.keep(size, witness, cosignature);
        standing.cosigned = { size, at: cosignature.at };
        if (this.round?.size === size) this.round.cosigned.add(witness.name);
        return;
      }
      case 'other_size': {
        // Another server may have signed a larger one since; only one that nobody signed is wrong.
        const newest = await this.log.newest();
        if (newest && reply.size <= newest.size) {
          throw new Error(`it cosigned ${reply.size} entries already, and not these ${size}`);
        }
        return this.alarmIfShown(
          member,
          checkpoint,
          `the log has been rolled back: the witness ${witness.name} cosigned ${reply.size} entries, and the log has ${newest?.size ?? 0}`,
        );
      }
      case 'inconsistent':
        return this.alarmIfShown(
          member,
          checkpoint,
          `the log has been rewritten: the witness ${witness.name} cosigned another history (${reply.detail})`,
        );
    }
  }

  private async submit(
    { url, verifier }: Member,
    checkpoint: SignedCheckpoint,
    oldSize: number,
  ): Promise<WitnessReply> {
    const proof = await this.log.consistencyProof(oldSize, checkpoint.size);
    const signal = AbortSignal.any([this.ended.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    return submitCheckpoint(url, verifier, checkpoint, oldSize, proof, signal);
  }

  /** Only what this log has signed itself stops it: a witness may err, or be somebody else by now. */
  private async alarmIfShown(
    { witness, url }: Member,
    { text }: SignedCheckpoint,
    detail: string,
  ): Promise<never> {
    const signal = AbortSignal.any([this.ended.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const shown = await readShownCheckpoint(url, parseCheckpoint(text).origin, signal).catch(
      () => null,
    );
    if (shown !== null && (await this.log.contradicts(shown))) this.alarm(witness.name, detail);
    throw new Error(`it says that ${detail}, and shows no checkpoint that proves it`);
  }

  private alarm(witness: string, detail: string): never {
    if (!this.alarms.some((alarm) => alarm.detail === detail)) {
      const alarm = { witness, detail, at: new Date() };
      this.alarms.push(alarm);
      this.onAlarm(alarm);
    }
    throw new Error(detail);
  }
}

function memberOf(witness: PolicyWitness, url: string): Member {
  return {
    witness,
    url,
    verifier: verifierOf(witness.key),
    standing: { name: witness.name, url, cosigned: null, lastError: null },
    busy: null,
    failures: 0,
    retryAt: 0,
  };
}

function isFresh({ standing: { cosigned } }: Member, size: number): boolean {
  return cosigned?.size === size && Date.now() - cosigned.at.getTime() < REFRESH_MS;
}

function succeed(member: Member): void {
  member.failures = 0;
  member.standing.lastError = null;
}

function fail(member: Member, error: unknown): void {
  member.failures++;
  member.retryAt =
    performance.now() + Math.min(LONGEST_BACKOFF_MS, 500 * 2 ** Math.min(member.failures, 10));
  member.standing.lastError = messageOf(error);
}

/** `fetch` hides why behind "fetch failed". */
function messageOf(error: unknown): string {
  const { name, message, cause } = error as Partial<Error> & { cause?: Partial<Error> };
  if (name === 'TimeoutError') return `it did not answer within ${TIMEOUT_MS / 1000} s`;
  return cause?.message ? `${message}: ${cause.message}` : (message ?? String(error));
}
