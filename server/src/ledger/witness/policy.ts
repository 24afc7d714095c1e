import { toBase64 } from '../tree/bytes.js';
import { parseVerifierKey, SIGNATURE_TYPES, type VerifierKey } from '../tree/note.js';

export interface PolicyLog {
  readonly key: VerifierKey;
  readonly url: string | null;
}

export interface PolicyWitness {
  /** As the policy calls it; the key has a name of its own. */
  readonly name: string;
  readonly key: VerifierKey;
  /** Where checkpoints are submitted; null: it is only trusted, not asked. */
  readonly url: string | null;
}

/** Which cosignatures make a checkpoint valid: https://c2sp.org/tlog-policy */
export interface WitnessPolicy {
  readonly logs: readonly PolicyLog[];
  readonly witnesses: readonly PolicyWitness[];
  /** `none`, or the name of the witness or group that has to cosign. */
  readonly quorum: string;
  /** Whether these witnesses, by the policy's names, are enough. */
  isMet(cosigned: ReadonlySet<string>): boolean;
}

export class PolicyError extends Error {
  constructor(line: number | null, problem: string) {
    super(line === null ? problem : `line ${line}: ${problem}`);
    this.name = 'PolicyError';
  }
}

interface Group {
  readonly threshold: number;
  readonly members: readonly string[];
}

const NONE = 'none';

const { ed25519, ed25519Cosignature, mlDsa44Cosignature } = SIGNATURE_TYPES;
/** How logs and witnesses sign. */
const TYPES: Record<'log' | 'witness', readonly number[]> = {
  log: [ed25519, mlDsa44Cosignature],
  witness: [ed25519Cosignature, mlDsa44Cosignature],
};

/** Parses a policy file, strictly: what is not understood is refused with its line. */
export function parsePolicy(text: string): WitnessPolicy {
  if (/[\x00-\x08\x0b-\x1f\x7f]/.test(text)) {
    throw new PolicyError(null, 'a policy has no control characters but tabs and newlines');
  }
  const reading = new PolicyReading();
  text.split('\n').forEach((line, i) => reading.add(line, i + 1));
  return reading.finish();
}

class PolicyReading {
  private readonly logs: PolicyLog[] = [];
  private readonly witnesses = new Map<string, PolicyWitness>();
  private readonly groups = new Map<string, Group>();
  private readonly placed = new Set<string>();
  private readonly keys = { log: new Set<string>(), witness: new Set<string>() };
  private quorum: string | null = null;
  private line = 0;

  add(text: string, line: number): void {
    this.line = line;
    const [word, ...rest] = text.split(/[ \t]+/).filter((part) => part !== '');
    if (word === undefined || word.startsWith('#')) return;
    switch (word) {
      case 'log':
        return this.addLog(rest);
      case 'witness':
        return this.addWitness(rest);
      case 'group':
        return this.addGroup(rest);
      case 'quorum':
        return this.setQuorum(rest);
      default:
        throw this.problem(`"${word}" is not log, witness, group or quorum`);
    }
  }

  finish(): WitnessPolicy {
    const { logs, witnesses, groups, quorum } = this;
    if (quorum === null) throw new PolicyError(null, 'a policy has one quorum line');
    const isWitnessed = (name: string, cosigned: ReadonlySet<string>): boolean => {
      const group = groups.get(name);
      if (!group) return cosigned.has(name);
      const count = group.members.filter((member) => isWitnessed(member, cosigned)).length;
      return count >= group.threshold;
    };
    return {
      logs,
      witnesses: [...witnesses.values()],
      quorum,
      isMet: (cosigned) => quorum === NONE || isWitnessed(quorum, cosigned),
    };
  }

  private addLog([vkey, url, ...more]: string[]): void {
    if (vkey === undefined || more.length > 0) throw this.problem('log <vkey> [<url>]');
    this.logs.push({ key: this.readKey('log', vkey), url: this.readUrl(url) });
  }

  private addWitness([name, vkey, url, ...more]: string[]): void {
    if (name === undefined || vkey === undefined || more.length > 0) {
      throw this.problem('witness <name> <vkey> [<url>]');
    }
    this.claimName(name);
    const key = this.readKey('witness', vkey);
    this.witnesses.set(name, { name, key, url: this.readUrl(url) });
  }

  private addGroup([name, amount, ...members]: string[]): void {
    if (name === undefined || amount === undefined || members.length === 0) {
      throw this.problem('group <name> all|any|<number> <member>...');
    }
    for (const member of members) {
      if (!this.isDefined(member)) throw this.problem(`"${member}" is not defined above`);
      if (this.placed.has(member)) throw this.problem(`"${member}" is in a group already`);
      this.placed.add(member);
    }
    this.claimName(name);
    this.groups.set(name, { threshold: this.readThreshold(amount, members.length), members });
  }

  private setQuorum([name, ...more]: string[]): void {
    if (name === undefined || more.length > 0) throw this.problem('quorum <name>');
    if (this.quorum !== null) throw this.problem('a policy has one quorum line');
    if (name !== NONE && !this.isDefined(name)) {
      throw this.problem(`"${name}" is not defined above`);
    }
    this.quorum = name;
  }

  private claimName(name: string): void {
    if (name === NONE || this.isDefined(name)) throw this.problem(`the name "${name}" is taken`);
  }

  private isDefined(name: string): boolean {
    return this.witnesses.has(name) || this.groups.has(name);
  }

  private readThreshold(text: string, members: number): number {
    if (text === 'all') return members;
    if (text === 'any') return 1;
    const threshold = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 0;
    if (threshold < 1 || threshold > members) {
      throw this.problem(`"${text}" is not all, any, or a number from 1 to ${members}`);
    }
    return threshold;
  }

  private readKey(of: 'log' | 'witness', vkey: string): VerifierKey {
    let key: VerifierKey;
    try {
      key = parseVerifierKey(vkey);
    } catch (error) {
      throw this.problem((error as Error).message);
    }
    if (!TYPES[of].includes(key.type)) {
      throw this.problem(`a key of type ${key.type} is not that of a ${of}`);
    }
    const bytes = toBase64(key.publicKey);
    if (this.keys[of].has(bytes)) throw this.problem(`this key is that of another ${of}`);
    this.keys[of].add(bytes);
    return key;
  }

  private readUrl(url: string | undefined): string | null {
    if (url === undefined) return null;
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw this.problem(`"${url}" is no http:// or https:// address`);
    }
    return url.replace(/\/+$/, '');
  }

  private problem(text: string): PolicyError {
    return new PolicyError(this.line, text);
  }
}
