import { toParticipantPermission } from '../../src/grants/compile-grant.js';
import { PRESETS } from '../../src/grants/presets.js';
import type { Permission, Source } from '../support/livekit-double.js';

export const TEMPLATES = ['viewer', 'camera-only', 'speaker', 'presenter'] as const;
export type Template = (typeof TEMPLATES)[number];

/** Until when, by this machine's clock; null: for good. */
interface Timed {
  readonly until: number | null;
}

/** What moderators wished of one seat. */
export interface Wish {
  readonly override: (Timed & { readonly template: Template }) | null;
  readonly block: Timed | null;
  readonly hold: (Timed & { readonly sources: readonly string[] }) | null;
}

/** What LiveKit should have: not in the room, or a permission in a comparable form. */
export type Desired = string;
export const OUT: Desired = 'out';

export type Act =
  | { readonly action: 'promote' | 'demote'; readonly template: Template; readonly for?: number }
  | { readonly action: 'demote' }
  | { readonly action: 'block'; readonly for?: number }
  | { readonly action: 'unblock' | 'release' | 'remove' }
  | { readonly action: 'hold'; readonly sources: readonly string[]; readonly for?: number };

/** Clocks of a busy machine: within this of a time's end either answer is right. */
const EDGE_MS = 250;

/** An answer may have come from what was wished this long ago, by a writer that was slow. */
const MEMORY_MS = 15_000;

interface Operation {
  readonly id: string;
  readonly before: Wish;
  readonly epoch: number;
}

/** One seat as it should be: nothing of Rolecall's own logic, only what its words promise. */
export class SeatModel {
  wish: Wish = { override: null, block: null, hold: null };
  epoch = 0;
  last: Operation | null = null;
  readonly operations: string[] = [];
  /** Every wish, and from when to when it may have been what LiveKit was told. */
  private readonly told: { wish: Wish; from: number; to: number }[];
  private removedAt = -Infinity;

  constructor(readonly identity: string) {
    this.told = [{ wish: this.wish, from: -Infinity, to: Infinity }];
  }

  /** Whether the act must be accepted: null at the edge of a time, when both answers are right. */
  accepts(act: Act, now: number): boolean | null {
    if (act.action !== 'promote') return true;
    const [sooner, later] = [now - EDGE_MS, now + EDGE_MS].map((at) => isOn(this.wish.block, at));
    return sooner === later ? !sooner : null;
  }

  /** The act was committed as this operation; it was asked for at `asked` and answered at `now`. */
  apply(act: Act, operation: { id: string; epoch: number }, asked: number, now: number): void {
    this.operations.push(operation.id);
    if (act.action === 'remove') {
      this.removedAt = now;
      return;
    }
    this.last = { ...operation, before: this.wish };
    this.become(after(this.wish, act, now), operation.epoch, asked, now);
  }

  undo(operation: { id: string; epoch: number }, asked: number, now: number): void {
    this.operations.push(operation.id);
    const { before } = this.last as Operation;
    this.last = null;
    this.become(before, operation.epoch, asked, now);
  }

  desired(at: number): Desired {
    return desiredOf(this.wish, at);
  }

  /** What may be right at `at`: more than one answer at the edge of a time. */
  possible(at: number): Set<Desired> {
    return new Set([at - EDGE_MS, at, at + EDGE_MS].map((time) => this.desired(time)));
  }

  /** When nothing that was wished ends by itself any more. */
  lastEnd(): number {
    const { override, block, hold } = this.wish;
    return Math.max(0, ...[override, block, hold].map((one) => one?.until ?? 0));
  }

  /** Whether LiveKit may have been told this at `at` because somebody asked for it. */
  wasAskedFor(desired: Desired, at: number): boolean {
    if (desired === OUT && at - this.removedAt < MEMORY_MS) return true;
    return this.told.some(({ wish, from, to }) => {
      if (from > at + EDGE_MS || to < at - MEMORY_MS) return false;
      const ends = [wish.override, wish.block, wish.hold].flatMap((one) => one?.until ?? []);
      const times = [from, Math.min(to, at), ...ends.filter((end) => end <= at + EDGE_MS)];
      return times.some((time) => desiredOf(wish, time) === desired);
    });
  }

  private become(wish: Wish, epoch: number, asked: number, now: number): void {
    const current = this.told.at(-1);
    if (current) current.to = now;
    this.told.push({ wish, from: asked, to: Infinity });
    this.wish = wish;
    this.epoch = epoch;
  }
}

function after(wish: Wish, act: Act, now: number): Wish {
  const until = 'for' in act && act.for !== undefined ? now + act.for * 1000 : null;
  switch (act.action) {
    case 'promote':
      return { ...wish, override: { template: act.template, until } };
    case 'demote':
      return { ...wish, override: 'template' in act ? { template: act.template, until } : null };
    case 'block':
      return { ...wish, block: { until } };
    case 'unblock':
      return { ...wish, block: null };
    case 'hold':
      return { ...wish, hold: { sources: act.sources, until } };
    case 'release':
      return { ...wish, hold: null };
    case 'remove':
      return wish;
  }
}

function isOn(timed: Timed | null, at: number): boolean {
  return timed !== null && (timed.until === null || at < timed.until);
}

function desiredOf({ override, block, hold }: Wish, at: number): Desired {
  if (isOn(block, at)) return OUT;
  const template = isOn(override, at) && override ? override.template : 'viewer';
  const held = isOn(hold, at) && hold ? hold.sources : [];
  const permission = RIGHTS[template];
  const sources = permission.canPublishSources.filter(
    (source) => !held.includes(source.toLowerCase()),
  );
  return keyOf({
    ...permission,
    canPublishSources: sources,
    canPublish: permission.canPublish && sources.length > 0,
  });
}

const RIGHTS = Object.fromEntries(
  TEMPLATES.map((key) => {
    const grants = PRESETS.find((preset) => preset.key === key)?.grants;
    if (!grants) throw new Error(`no preset ${key}`);
    const permission = toParticipantPermission(grants);
    const sources = permission.canPublishSources.map((source) => source.toUpperCase() as Source);
    return [key, { ...permission, canPublishSources: sources }];
  }),
) as Record<Template, Permission>;

/** A permission of a template's, as an old token of that role brings it. */
export function rightsOf(template: Template): Permission {
  return RIGHTS[template];
}

/** A permission in a form that can be compared: sources say nothing without the right to publish. */
export function keyOf(permission: Partial<Permission>): Desired {
  const sources = [...(permission.canPublishSources ?? [])].sort();
  return JSON.stringify([
    permission.canSubscribe ?? false,
    permission.canPublishData ?? false,
    permission.canPublish ? (sources.length > 0 ? sources : 'all') : 'none',
    permission.hidden ?? false,
    permission.recorder ?? false,
    permission.agent ?? false,
    permission.canUpdateMetadata ?? false,
  ]);
}
