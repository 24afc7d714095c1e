import type { ParticipantKind } from '../../grants/compile-grant.js';
import { PEEK_PREFIX } from '../../grants/names.js';
import type {
  ActiveScene,
  AssignmentRule,
  AssignmentScope,
  Block,
  Hold,
  Override,
  PolicyInput,
  TemplateState,
} from '../../grants/policy.js';
import { completeGrants, type PartialGrants, type RoleGrants } from '../../grants/role-grants.js';
import type { PolicyEntry, Recorded, RecordedState } from './policy-entry.js';
import { SEAT_STATE_KINDS } from './policy-kinds.js';

export interface PastVersion {
  readonly grants: RoleGrants;
  readonly ttl: number | null;
}

/** What is not in the log, or not any longer; `text` is a sentence. */
export interface Gap {
  readonly code:
    'before_full_entries' | 'erased' | 'forgotten' | 'incomplete_entry' | 'unreadable_entry';
  readonly text: string;
}

/** Policy about one identity in one room, as the log has it. */
export interface PastPolicy {
  /** What `resolve` takes; null: Rolecall had no such room. */
  readonly input: PolicyInput | null;
  readonly isKnown: boolean;
  readonly userKind: ParticipantKind | null;
  readonly unlistedParticipants: 'allow' | 'remove';
  readonly tokensVoidBefore: Date | null;
  /** `template@version` → what it granted. */
  readonly versions: ReadonlyMap<string, PastVersion>;
  readonly gaps: readonly Gap[];
}

interface PastUser {
  id: string | null;
  kind: ParticipantKind;
  isSuspended: boolean;
  isDeleted: boolean;
}

interface PastRoom {
  isClosed: boolean;
  defaultTemplate: string | null;
  unlistedParticipants: 'allow' | 'remove';
  scene: ActiveScene | null;
}

/** As the table's defaults have it. */
const NEW_ROOM: PastRoom = {
  isClosed: false,
  defaultTemplate: null,
  unlistedParticipants: 'allow',
  scene: null,
};

/**
 * Folds entries, oldest first, into policy as it was after the last of them. Pure: which entries
 * concern the identity and the room is the reader's part. `mayRoomBeNew`: a room that there was not
 * is looked at as if it were made then.
 */
export function foldPolicy(
  room: string,
  identity: string,
  entries: readonly PolicyEntry[],
  mayRoomBeNew = false,
): PastPolicy {
  const fold = new Fold(room, identity);
  for (const entry of entries) fold.add(entry);
  return fold.result(mayRoomBeNew);
}

class Fold {
  private here: PastRoom | null = null;
  private user: PastUser | null = null;
  private state: RecordedState | null = null;
  private peeksAt: string | null = null;
  private voidBefore = 0;
  private readonly rules = new Map<string, AssignmentRule>();
  private readonly templates = new Map<string, TemplateState>();
  private readonly versions = new Map<string, PastVersion>();
  private gaps = new Map<string, Gap>();

  constructor(
    private readonly room: string,
    private readonly identity: string,
  ) {}

  /** One that says what Rolecall never writes is passed over, and named. */
  add(entry: PolicyEntry): void {
    try {
      this.take(entry);
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
      const text = `The entry ${entry.kind} of ${entry.at.toISOString()} cannot be read.`;
      this.gaps.set('unreadable', { code: 'unreadable_entry', text });
    }
  }

  private take(entry: PolicyEntry): void {
    const [family] = entry.kind.split('.');
    if (entry.kind === 'token.voided') this.voidTokens(entry.payload['voidBefore']);
    else if (family === 'template') this.addTemplate(entry);
    else if (family === 'assignment') this.addAssignment(entry);
    else if (family === 'user') this.addUser(entry);
    else if (family === 'room') this.addRoom(entry);
    else if (family === 'scene') this.addScene(entry);
    else if ((SEAT_STATE_KINDS as readonly string[]).includes(entry.kind)) this.addSeat(entry);
  }

  result(mayRoomBeNew: boolean): PastPolicy {
    const { user } = this;
    const here = this.here ?? (mayRoomBeNew ? NEW_ROOM : null);
    // A peek's seat is no user's.
    const isPeek = this.identity.startsWith(PEEK_PREFIX);
    const known = isPeek ? null : user;
    return {
      input: here && {
        subject: {
          userId: known?.id ?? null,
          identity: this.identity,
          isSuspended: known?.isSuspended ?? false,
          isDeleted: known?.isDeleted ?? false,
        },
        room: {
          name: this.room,
          isClosed: here.isClosed,
          defaultTemplate: here.defaultTemplate,
          scene: here.scene,
        },
        seat: this.state && toSeat(this.state, this.peeksAt),
        assignments: [...this.rules.values()],
        templates: Object.fromEntries(this.templates),
      },
      isKnown: known !== null,
      userKind: known?.kind ?? null,
      unlistedParticipants: here?.unlistedParticipants ?? 'allow',
      tokensVoidBefore: this.voidBefore > 0 ? new Date(this.voidBefore) : null,
      versions: this.versions,
      gaps: [...this.gaps.values()],
    };
  }

  private voidTokens(at: unknown): void {
    if (typeof at === 'string')
      this.voidBefore = Math.max(this.voidBefore, toInstant(at).getTime());
  }

  private addTemplate({ kind, payload }: PolicyEntry): void {
    const key = String(payload['template']);
    const before = this.templates.get(key) ?? { published: null, isArchived: false };
    switch (kind) {
      case 'template.published': {
        const version = Number(payload['version']);
        const { grants, ttl } = payload as { grants?: PartialGrants; ttl?: number | null };
        this.templates.set(key, { ...before, published: version });
        if (grants) {
          const content = { grants: completeGrants(grants), ttl: ttl ?? null };
          this.versions.set(`${key}@${version}`, content);
        }
        return;
      }
      case 'template.deleted':
        this.templates.delete(key);
        return;
      default:
        this.templates.set(key, { ...before, isArchived: kind === 'template.archived' });
    }
  }

  private addAssignment(entry: PolicyEntry): void {
    const { kind, payload, at } = entry;
    const id = String(payload['assignment']);
    if (kind === 'assignment.deleted') {
      this.rules.delete(id);
      return;
    }
    // An update carries the whole record, so that nothing from before is needed.
    const record = (payload['record'] ?? payload['after']) as RecordedRule | undefined;
    if (!record) return; // erased, so it is of somebody else
    const before = this.rules.get(id);
    const rule = { ...(before && fieldsOf(before)), ...record };
    const reason = 'reason' in rule ? rule.reason : entry.reason;
    this.rules.set(id, {
      id,
      subject: before?.subject ?? (isForUser(rule.subject) ? 'user' : 'everyone'),
      scope: toScope(rule.scope),
      template: String(rule.template),
      priority: rule.priority ?? 0,
      validFrom: toDate(rule.validFrom),
      validUntil: toDate(rule.validUntil),
      createdAt: toDate(rule.createdAt) ?? at,
      by: rule.createdBy ?? before?.by ?? entry.actorLabel ?? 'erased',
      reason: reason || null,
    });
  }

  private addUser({ kind, payload, isErased }: PolicyEntry): void {
    if (isErased) return;
    const { user, after = {} } = payload as { user?: string; after?: Partial<PastUser> };
    const before = this.user ?? { kind: 'standard', isSuspended: false, isDeleted: false };
    this.user = {
      id: user ?? null,
      kind: after.kind ?? before.kind,
      isSuspended: after.isSuspended ?? before.isSuspended,
      isDeleted: before.isDeleted || kind === 'user.deleted',
    };
  }

  private addRoom({ kind, outcome, payload }: PolicyEntry): void {
    const after = payload['after'] as Partial<PastRoom> | undefined;
    if (kind === 'room.deleted' && outcome === 'applied') {
      this.voidTokens(payload['tokensVoidBefore']);
      this.here = null;
      this.state = null;
      return;
    }
    if (kind === 'room.created') {
      this.here = {
        ...NEW_ROOM,
        defaultTemplate: after?.defaultTemplate ?? null,
        unlistedParticipants: after?.unlistedParticipants ?? 'allow',
      };
      return;
    }
    if (!this.here) return;
    if (kind === 'room.deleted' && outcome === 'intent') this.here.isClosed = true;
    if (after?.isClosed !== undefined) this.here.isClosed = after.isClosed;
    if (after?.defaultTemplate !== undefined) this.here.defaultTemplate = after.defaultTemplate;
    if (after?.unlistedParticipants !== undefined) {
      this.here.unlistedParticipants = after.unlistedParticipants;
    }
  }

  private addScene({ kind, payload, isErased }: PolicyEntry): void {
    if (!this.here) return;
    this.gaps.delete('scene');
    const scene = payload['scene'] as (Omit<ActiveScene, 'at'> & { at: string }) | null | undefined;
    if (kind === 'scene.entered' && (isErased || !scene)) {
      const text = 'The entry of the scene that the room played was erased.';
      this.gaps.set('scene', { code: 'erased', text });
    }
    this.here.scene =
      kind === 'scene.entered' && scene
        ? { ...scene, byKind: scene.byKind ?? null, at: toInstant(scene.at) }
        : null;
  }

  private addSeat({ kind, at, payload, outcome }: PolicyEntry): void {
    if (outcome !== 'intent' && outcome !== 'ok') return;
    const desired = payload['desired'] as RecordedState | undefined;
    if (desired) toSeat(desired, null); // throws where it cannot be read
    if (kind === 'seat.state_recorded') this.peeksAt = desired?.peeksAt ?? this.peeksAt;
    this.state = desired ?? null;
    this.gaps.delete('seat');
    if (desired) return;
    const text = `The entry of ${at.toISOString()} about this seat does not say what was set on it.`;
    this.gaps.set('seat', { code: 'incomplete_entry', text });
  }
}

function toSeat(
  { override, block, hold }: RecordedState,
  peeksAt: string | null,
): PolicyInput['seat'] {
  return {
    override: revive<Override>(override),
    block: revive<Block>(block),
    hold: revive<Hold>(hold),
    peeksAt,
  };
}

function revive<T>(recorded: Recorded | null): T | null {
  return (
    recorded &&
    ({ ...recorded, at: toInstant(recorded.at), until: toDate(recorded.until) } as unknown as T)
  );
}

/** An assignment as entries have it: times are text. */
interface RecordedRule {
  readonly subject?: unknown;
  readonly scope?: unknown;
  readonly template?: string;
  readonly priority?: number;
  readonly validFrom?: string | Date | null;
  readonly validUntil?: string | Date | null;
  readonly reason?: string | null;
  readonly createdAt?: string | Date;
  readonly createdBy?: string;
}

function fieldsOf(rule: AssignmentRule): RecordedRule {
  const { template, priority, validFrom, validUntil, reason, createdAt, scope } = rule;
  return { template, priority, validFrom, validUntil, reason, createdAt, scope };
}

function isForUser(subject: unknown): boolean {
  return typeof subject === 'object' && subject !== null && 'user' in subject;
}

/** As the API has it, or as `resolve` does. */
function toScope(given: unknown): AssignmentScope {
  const scope = (given ?? {}) as Record<string, unknown>;
  if (typeof scope['room'] === 'string') return { kind: 'room', room: scope['room'] };
  if (typeof scope['pattern'] === 'string') return { kind: 'pattern', pattern: scope['pattern'] };
  return { kind: 'all' };
}

function toDate(value: unknown): Date | null {
  return value === null || value === undefined ? null : toInstant(value);
}

function toInstant(value: unknown): Date {
  const at = new Date(value as string | Date);
  if (Number.isNaN(at.getTime())) throw new RangeError('This is no time');
  return at;
}
