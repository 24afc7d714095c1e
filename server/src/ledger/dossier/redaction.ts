import { PEEK_PREFIX } from '../../grants/names.js';
import type { StoredEntry } from '../leaf.js';
import type { LedgerKind } from '../ledger-kinds.js';

/** What of an entry may be in a version that does not name everybody. */
export interface Redacted {
  /** Whether the data of the leaf may be there; else its hash alone is. */
  readonly hasText: boolean;
  readonly hasActor: boolean;
  readonly hasSubject: boolean;
  readonly by: string;
  /** Null: the entry is about nobody. */
  readonly about: string | null;
}

/** Whose leaf is told, one by one, so that a new kind is told only when somebody decides so. */
const TOLD: ReadonlySet<string> = new Set<LedgerKind>([
  'token.issued',
  'token.refused',
  'token.voided',
  'gate.admitted',
  'gate.refused',
  'participant.joined',
  'participant.left',
  'participant.aborted',
  'room.started',
  'room.finished',
  'room.closed',
  'room.opened',
  'seat.promoted',
  'seat.demoted',
  'seat.lease_extended',
  'seat.lease_ended',
  'seat.blocked',
  'seat.unblocked',
  'seat.block_ended',
  'seat.removed',
  'seat.muted',
  'seat.held',
  'seat.released',
  'seat.hold_ended',
  'seat.silenced',
  'seat.peeked',
  'seat.peek_ended',
  'seat.updated',
  'seat.session_ended',
  'scene.entered',
  'scene.left',
  'stage.hand_raised',
  'stage.hand_lowered',
  'stage.hand_approved',
  'stage.hand_declined',
  'stage.hand_expired',
  'stage.invite_sent',
  'stage.invite_accepted',
  'stage.invite_declined',
  'stage.invite_expired',
  'stage.unmute_asked',
  'stage.unmute_accepted',
  'stage.unmute_declined',
  'stage.unmute_expired',
]);

/** Members of personal parts that name somebody, at any depth. */
const NAMING = new Set([
  'as',
  'by',
  'email',
  'identity',
  'invitedBy',
  'name',
  'operator',
  'peeksAt',
  'sub',
  'user',
  'userId',
]);

/** Texts of which it is remembered whether they name somebody. */
const MAX_KNOWN = 10_000;
const SOMEBODY_ELSE = '(somebody else)';

/** Parts of Rolecall and LiveKit, which are nobody. */
const PROGRAMS: ReadonlySet<string> = new Set(['Gate', 'LiveKit', 'Rolecall']);

/** What somebody is called instead of their name. */
export interface Redacting {
  of(entry: StoredEntry): Redacted;
  /** Of what is beside the entries, such as what roles are called. */
  isAboutOthers(...texts: readonly string[]): boolean;
}

/** Everybody is a number, in the order in which they appear. */
class Numbers {
  private readonly numbers = new Map<string, string>();
  private readonly counts = { Person: 0, Moderator: 0, Application: 0, 'Hidden observer': 0 };

  /** `self` is the first person, and keeps their name. */
  constructor(private readonly self: string | null) {
    if (self !== null) this.counts.Person = 1;
  }

  actor({ kind, identity, actorKind, actorId, actorLabel }: StoredEntry): string {
    const id = actorId ?? actorLabel ?? '';
    switch (actorKind) {
      case 'operator':
        // Who watches unseen has a number of its own: it does not lead to their other acts.
        return kind.startsWith('seat.peek') || identity?.startsWith(PEEK_PREFIX)
          ? this.of('Hidden observer', id)
          : this.of('Moderator', id);
      case 'api_key':
        return this.of('Application', id);
      case 'participant':
      case 'user':
        return this.person(id);
      default:
        return PROGRAMS.has(actorLabel ?? '') ? (actorLabel as string) : 'Rolecall';
    }
  }

  person(identity: string): string {
    if (identity === this.self) return identity;
    return identity.startsWith(PEEK_PREFIX)
      ? this.of('Hidden observer', identity.slice(PEEK_PREFIX.length))
      : this.of('Person', identity);
  }

  private of(what: keyof Numbers['counts'], id: string): string {
    const key = `${what} ${id}`;
    const known = this.numbers.get(key);
    if (known !== undefined) return known;
    const name = `${what} ${++this.counts[what]}`;
    this.numbers.set(key, name);
    return name;
  }
}

/** Whether an entry is about somebody, also where it does not say whom. */
function isAboutSomebody({ identity, personal }: StoredEntry): boolean {
  return identity !== null || personal !== null;
}

/** Names nobody, as an export without people: the leaves are told, and no part that speaks of a person. */
export class Anonymous implements Redacting {
  private readonly numbers = new Numbers(null);

  of(entry: StoredEntry): Redacted {
    const by = this.numbers.actor(entry);
    const about = entry.identity !== null ? this.numbers.person(entry.identity) : null;
    return {
      hasText: true,
      hasActor: false,
      hasSubject: false,
      by,
      about: about ?? (isAboutSomebody(entry) ? 'somebody' : null),
    };
  }

  isAboutOthers(): boolean {
    return false;
  }
}

/**
 * Leaves out who else was there. Everybody but the participant is a number, a part is there only when
 * it is theirs and names nobody else, and so is the data of a leaf.
 */
export class Redaction implements Redacting {
  private readonly names = new Set<string>();
  private readonly numbers: Numbers;
  private readonly known = new Map<string, boolean>();

  constructor(
    private readonly identity: string,
    entries: readonly StoredEntry[],
  ) {
    this.numbers = new Numbers(identity);
    for (const entry of entries) this.learn(entry);
  }

  of(entry: StoredEntry): Redacted {
    const { kind, reason, identity, payload, requestId, ip } = entry;
    const isOwn = identity === this.identity;
    const isToTheParticipant = kind.startsWith('stage.');
    const isAbout = isAboutSomebody(entry);
    // Moderators write reasons for the log: decision 0041. A reason of nobody's is in the leaf.
    const hasSecretReason = reason !== null && !isToTheParticipant;
    const leaf = [JSON.parse(payload) as unknown, requestId, isAbout ? null : reason];
    const hasText = TOLD.has(kind) && !(hasSecretReason && !isAbout) && !this.namesOthers(leaf);
    return {
      hasText,
      hasActor: hasText && this.isOwnAct(entry) && !this.namesOthers([ip, entry.actorLabel]),
      hasSubject:
        hasText &&
        isOwn &&
        !hasSecretReason &&
        !this.namesOthers([personalOf(entry), isToTheParticipant ? reason : null]),
      by: this.numbers.actor(entry),
      about: identity !== null ? this.numbers.person(identity) : isAbout ? 'somebody' : null,
    };
  }

  /** A copy in which each text that names somebody else is replaced. */
  mask(value: unknown): unknown {
    if (typeof value === 'string') return this.hasName(value) ? SOMEBODY_ELSE : value;
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((member) => this.mask(member));
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [
        this.hasName(key) ? SOMEBODY_ELSE : key,
        this.mask(member),
      ]),
    );
  }

  /** Of what is beside the entries, such as what roles are called. */
  isAboutOthers(...texts: readonly string[]): boolean {
    return this.namesOthers(texts);
  }

  private isOwnAct({ actorKind, actorId }: StoredEntry): boolean {
    return (actorKind === 'participant' || actorKind === 'user') && actorId === this.identity;
  }

  /** Remembers whom the entry names. */
  learn(entry: StoredEntry): void {
    const { identity, actorKind, actorId, actorLabel, ip } = entry;
    if (identity !== null && identity !== this.identity) addName(this.names, identity);
    if (identity?.startsWith(PEEK_PREFIX)) addName(this.names, identity.slice(PEEK_PREFIX.length));
    if (!this.isOwnAct(entry)) {
      addName(this.names, actorId);
      if (actorKind !== 'system' || !PROGRAMS.has(actorLabel ?? '')) {
        addName(this.names, actorLabel);
      }
      // The gate writes from where the participant came.
      if (identity !== this.identity || actorKind !== 'system') addName(this.names, ip);
    }
    this.learnFrom(personalOf(entry), identity === this.identity);
    this.names.delete(this.identity.toLowerCase());
  }

  /**
   * What the participant calls themselves is no name of another, and makes no name of another theirs:
   * people choose their own.
   */
  private learnFrom(value: unknown, isOwn: boolean): void {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, member] of Object.entries(value)) {
      if (NAMING.has(key) && !(isOwn && key === 'name')) addName(this.names, member);
      this.learnFrom(member, isOwn);
    }
  }

  namesOthers(value: unknown): boolean {
    if (typeof value === 'string') return this.hasName(value);
    if (typeof value !== 'object' || value === null) return false;
    return Object.entries(value).some(
      ([key, member]) => this.hasName(key) || this.namesOthers(member),
    );
  }

  private hasName(text: string): boolean {
    if (this.names.has(text.toLowerCase())) return true;
    if (isMachineText(text)) return false;
    const known = this.known.get(text);
    if (known !== undefined) return known;
    if (this.known.size >= MAX_KNOWN) this.known.clear();
    const lower = text.toLowerCase();
    let found = false;
    for (const name of this.names) {
      if (!hasWord(lower, name)) continue;
      found = true;
      break;
    }
    // Long text is seldom said twice, and would be held in memory.
    if (text.length <= LONGEST_KNOWN) this.known.set(text, found);
    return found;
  }
}

const LONGEST_KNOWN = 200;

/** Ids, hashes and times: they name nobody unless they are the name. */
function isMachineText(text: string): boolean {
  return (
    /^[0-9a-f-]{16,}$/i.test(text) ||
    /^(?:PA|RM|TR|EV)_[A-Za-z0-9]+$/.test(text) ||
    /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text)
  );
}

const LETTER = /[\p{L}\p{N}]/u;

/** Whether the name is in the text, and no letter goes on before or after it. */
function hasWord(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const before = text.slice(0, at).at(-1) ?? '';
    const after = text.slice(at + name.length).at(0) ?? '';
    if (!LETTER.test(before) && !LETTER.test(after)) return true;
  }
  return false;
}

function addName(names: Set<string>, name: unknown): void {
  if (typeof name === 'string' && name.trim() !== '') names.add(name.toLowerCase());
}

function personalOf({ personal }: StoredEntry): Record<string, unknown> {
  return personal === null ? {} : (JSON.parse(personal) as Record<string, unknown>);
}
