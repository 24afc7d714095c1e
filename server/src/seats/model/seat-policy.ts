import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors/app-error.js';
import { APP_CONFIG, type AppConfig } from '../../config/app-config.js';
import {
  type ParticipantPermission,
  type PermissionLike,
  samePermission,
  toParticipantPermission,
} from '../../grants/compile-grant.js';
import { givenBack } from '../../grants/brought.js';
import type { Allowed, Block, Decision, Hold, Override, PolicyInput } from '../../grants/policy.js';
import { resolve, withheldByHold } from '../../grants/resolve.js';
import { type Labelled, misusedSources } from '../../grants/mislabelled.js';
import {
  canonicalSources,
  publishableSources,
  type RoleGrants,
  type TrackSource,
} from '../../grants/role-grants.js';
import { exceedsIssuer, type IssuerCeiling, withinIssuer } from '../../grants/issuer-ceiling.js';
import { withheldFromUncovered } from '../../grants/scene.js';
import { silence, type Silenceable, type Silencing, silencingOf } from '../../grants/silencing.js';
import {
  bothWithheld,
  isAnythingWithheld,
  publishOnly,
  type Withheld,
  withhold,
  withholdPermission,
} from '../../grants/withhold.js';
import { KINDS_WITH_A_ROLE, WHIP_KIND } from '../../livekit/whip.js';
import {
  type Admitted,
  awaitedCeilings,
  type PolicyFacts,
  type PolicyRoom,
} from '../../policy/policy-facts.js';
import { PolicyReader } from '../../policy/policy-reader.js';

export interface EffectiveRole {
  readonly template: string;
  readonly version: number;
  readonly source: Allowed['source'];
  /** The template's, also what is withheld now. */
  readonly grants: RoleGrants;
  /** What a hold or the room's scene takes out of them. */
  readonly withheld: Withheld;
  /** What of them goes beyond the token that let the person in, and waits for another token. */
  readonly aboveCeiling: readonly string[];
  /** What a token for this seat carries: without what is withheld, unless that is muted. */
  readonly tokenGrants: RoleGrants;
  /** The same without what is above the ceiling, compiled whole: what LiveKit should have. */
  readonly permission: ParticipantPermission;
  /** Sources whose tracks LiveKit should have muted; empty where the right is taken instead. */
  readonly mutes: readonly TrackSource[];
}

/** What LiveKit should have for an identity that is in the room. */
export type Wanted =
  | { readonly kind: 'role'; readonly role: EffectiveRole }
  /** Not in the room: why, in the words of `resolve`, or `unlisted`. */
  | { readonly kind: 'out'; readonly code: string }
  /** No rule covers them and the room allows that: LiveKit keeps what it has. */
  | { readonly kind: 'free' }
  /** The same while a hold or the room's scene takes something from them, until it is given back. */
  | {
      readonly kind: 'uncovered';
      readonly permission: PermissionLike;
      readonly withheld: Withheld;
      readonly mutes: readonly TrackSource[];
      /** What to keep before it is taken, or null when that has been done; for `seat.before_scene`. */
      readonly keep: PermissionLike | null;
      readonly isRestored: boolean;
    };

/** The permission that LiveKit should have; null for who is out, and for who keeps what they have. */
export function permissionWanted(wanted: Wanted): PermissionLike | null {
  if (wanted.kind === 'role') return wanted.role.permission;
  return wanted.kind === 'uncovered' ? wanted.permission : null;
}

/** Sources whose tracks LiveKit should have muted. */
export function mutesWanted(wanted: Wanted): readonly TrackSource[] {
  if (wanted.kind === 'role') return wanted.role.mutes;
  return wanted.kind === 'uncovered' ? wanted.mutes : [];
}

/** What policy says of one identity in one room, by one reading of Postgres. */
export interface Evaluation {
  readonly room: PolicyRoom;
  readonly identity: string;
  readonly facts: PolicyFacts;
  readonly input: PolicyInput;
  readonly epoch: number;
  readonly decision: Decision;
  readonly role: EffectiveRole | null;
  readonly wanted: Wanted;
  /** Who it is about, as LiveKit was last seen to have them; null: nobody that is known. */
  readonly occupant: Silenceable | null;
  readonly silencing: Silencing;
  /** No gate marks WHIP: it shows by the names of its tracks, and only once it has some. */
  readonly isWhipByTracks: boolean;
  /** Two evaluations with the same key ask the same of LiveKit. */
  readonly key: string;
}

/** Turns policy into what LiveKit should have. Every reader and writer of seats asks here. */
@Injectable()
export class SeatPolicy {
  /** Through a gate WHIP comes with a mark: there the names of tracks tell nothing. */
  private readonly isWhipMarked: boolean;

  constructor(
    private readonly policy: PolicyReader,
    @Inject(APP_CONFIG) { isGateOn, gateSecret }: AppConfig,
  ) {
    this.isWhipMarked = isGateOn || gateSecret !== null;
  }

  /** Throws 404 for a room that Rolecall does not know. */
  async evaluate(
    room: string,
    identity: string,
    occupant: Silenceable | null = null,
  ): Promise<Evaluation> {
    return this.evaluateFacts(await this.read(room, identity), occupant);
  }

  /**
   * The same for a connection that LiveKit has now. Calls name an identity, so they count with who
   * may come up meanwhile; what is compared with this connection does not.
   */
  async evaluateConnection(
    room: string,
    identity: string,
    occupant: Silenceable & { readonly sid: string },
    facts: PolicyFacts | null = null,
  ): Promise<Evaluation> {
    const read = facts ?? (await this.read(room, identity));
    const awaited = read.awaited.filter(({ notSid }) => notSid !== occupant.sid);
    const uncovered = read.uncovered && { ...read.uncovered, sid: occupant.sid };
    return this.evaluateFacts({ ...read, awaited, uncovered }, occupant);
  }

  read(room: string, identity: string): Promise<PolicyFacts> {
    return this.policy.read({ room, identity });
  }

  async assertRoom(room: string): Promise<void> {
    const { room: known } = await this.policy.read({ room, identity: '' });
    if (!known) throw roomNotFound();
  }

  /** How it would stand with another override or block. */
  simulate(
    evaluation: Evaluation,
    desired: { override: Override | null; block: Block | null; hold?: Hold | null },
    at = evaluation.facts.now,
  ): Promise<Evaluation> {
    const { hold = null, peeksAt = null } = evaluation.input.seat ?? {};
    const input = { ...evaluation.input, seat: { hold, ...desired, peeksAt } };
    return this.evaluateFacts({ ...evaluation.facts, input }, evaluation.occupant, at);
  }

  /**
   * Their role, or the one that comes back when the room opens and a block or a suspension ends: who
   * may not be there now still has it.
   */
  async roleBehind(
    { role, facts, input, occupant }: Evaluation,
    at = facts.now,
  ): Promise<EffectiveRole | null> {
    if (role) return role;
    const { subject, room, seat } = input;
    const opened = {
      ...input,
      subject: { ...subject, isSuspended: false },
      room: { ...room, isClosed: false },
      seat: seat && { ...seat, block: null },
    };
    return (await this.evaluateFacts({ ...facts, input: opened }, occupant, at)).role;
  }

  /** The evaluation of facts that were read already. Throws 404 for no room. */
  async evaluateFacts(
    facts: PolicyFacts,
    occupant: Silenceable | null,
    at = facts.now,
  ): Promise<Evaluation> {
    const { room, input, identity, epoch } = facts;
    if (!room || !input) {
      throw roomNotFound();
    }
    const decision = resolve(input, at);
    const kind = occupant?.kind ?? null;
    const silencing = silencingOf(
      {
        kind: kind ?? facts.user?.kind ?? null,
        ...(this.isWhipMarked ? {} : { state: occupant?.state, tracks: occupant?.tracks }),
      },
      facts.mutedTracks,
    );
    const isWhip = kind === null ? facts.isWhip : kind === WHIP_KIND;
    const tracks = occupant?.tracks ?? [];
    const role =
      decision.verdict === 'allow'
        ? await this.roleOf(decision, facts, input, { silencing, isWhip, tracks })
        : null;
    const wanted = wantedFrom(facts, input, decision, role, { kind, silencing, at, tracks });
    return {
      room,
      identity,
      facts,
      input,
      epoch,
      decision,
      role,
      wanted,
      occupant,
      silencing,
      isWhipByTracks: !this.isWhipMarked,
      key: JSON.stringify([
        epoch,
        wanted.kind,
        role?.template,
        role?.version,
        role?.withheld,
        role?.permission.canPublishSources,
        isWhip,
        role?.aboveCeiling,
        mutesWanted(wanted),
        wanted.kind === 'uncovered' && [wanted.permission, wanted.isRestored],
      ]),
    };
  }

  private async roleOf(
    { template, version, source, withheld, played }: Allowed,
    facts: PolicyFacts,
    { seat }: PolicyInput,
    {
      silencing,
      isWhip,
      tracks,
    }: { silencing: Silencing; isWhip: boolean; tracks: readonly Labelled[] },
  ): Promise<EffectiveRole> {
    const [{ grants }, replaced] = await Promise.all([
      this.policy.version(template, version),
      played ? this.policy.version(played.template, played.version) : null,
    ]);
    const left = silence(grants, withheld, silencing, replaced?.grants);
    const allowed = publishableSources(left.grants).filter((one) => !left.mutes.includes(one));
    const misused = misusedSources(tracks, allowed);
    const { admitted } = facts;
    const override = source === 'override' ? (seat?.override ?? null) : null;
    const isBound = admitted && !isGivenInPerson(override, admitted, facts);
    const bounds = [...(isBound ? [admitted.ceiling] : []), ...awaitedCeilings(facts)];
    const exceeded = bounds.filter((ceiling) => exceedsIssuer(grants, ceiling).length > 0);
    const aboveCeiling = exceeded.flatMap((ceiling) => exceedsIssuer(grants, ceiling));
    const within = exceeded.reduce(withinIssuer, left.grants);
    const isMuted = silencing === 'mute';
    // Gone with the source that it was published as, which they have back once it is.
    const used = isMuted ? within : withhold(within, { sources: misused, data: false });
    return {
      template,
      version,
      source,
      grants,
      withheld,
      aboveCeiling: [...new Set(aboveCeiling)],
      tokenGrants: left.grants,
      permission: toParticipantPermission(isWhip ? publishOnly(used) : used),
      mutes: isMuted ? canonicalSources([...left.mutes, ...misused]) : left.mutes,
    };
  }
}

/**
 * What of a role a token cannot open as a proof, because its issuer could not have given it. What a
 * moderator gave in the room to the one who was there counts as given to the token's own connection.
 */
export function beyondIssuer(
  { role, facts, input }: Pick<Evaluation, 'role' | 'facts' | 'input'>,
  bound: { readonly id: string | null; readonly ceiling: IssuerCeiling },
): string[] {
  if (!role) return [];
  const { admitted } = facts;
  const override = role.source === 'override' ? (input.seat?.override ?? null) : null;
  const isTheirs = bound.id !== null && bound.id === admitted?.id;
  if (isTheirs && isGivenInPerson(override, admitted, facts)) return [];
  return exceedsIssuer(role.grants, bound.ceiling);
}

/** While they were there. An override that came with another token is for its holder. */
function isGivenInPerson(
  override: Override | null,
  { at, issuedAt }: Admitted,
  { isPresent, leftAt }: PolicyFacts,
): boolean {
  if (!override || override.at <= at) return false;
  if (issuedAt && override.at.getTime() === issuedAt.getTime()) return false;
  return isPresent || (leftAt !== null && override.at <= leftAt);
}

function roomNotFound(): AppError {
  return new AppError('not_found', 'room.not_found', 'There is no such room.');
}

function wantedFrom(
  facts: PolicyFacts,
  input: PolicyInput,
  decision: Decision,
  role: EffectiveRole | null,
  how: { kind: string | null; silencing: Silencing; at: Date; tracks: readonly Labelled[] },
): Wanted {
  const { kind } = how;
  const isUnlisted = !facts.wasIssued && (role === null || role.source !== 'override');
  // What LiveKit itself brings along (egress, ingress, SIP …) follows no template.
  const isOurs = !isUnlisted || kind === null || KINDS_WITH_A_ROLE.has(kind);
  const isWithoutUsableRule =
    decision.verdict === 'refuse' &&
    (decision.code === 'no_rule' || decision.code === 'template.unpublished');
  if (decision.verdict === 'refuse' && !isWithoutUsableRule)
    return { kind: 'out', code: decision.code };
  if (!isOurs) return uncovered(facts, input, how);
  if (isUnlisted && facts.room?.unlistedParticipants === 'remove')
    return { kind: 'out', code: 'unlisted' };
  if (role) return { kind: 'role', role };
  return isUnlisted
    ? uncovered(facts, input, how)
    : { kind: 'out', code: (decision as { code: string }).code };
}

/** Who follows no template follows holds and the scene all the same, and gets back what they took. */
function uncovered(
  { uncovered: had, brought }: PolicyFacts,
  { room: { scene }, seat }: PolicyInput,
  { silencing, at, tracks }: { silencing: Silencing; at: Date; tracks: readonly Labelled[] },
): Wanted {
  if (!had) return { kind: 'free' };
  const { sid } = had;
  const held = withheldByHold(seat?.hold ?? null, at);
  const withheld = bothWithheld(held, withheldFromUncovered(scene));
  const isRestored = !isAnythingWithheld(withheld);
  // A role replaced what they brought, and this connection has not been given that back.
  const own =
    brought === null || (sid !== null && brought.givenTo === sid)
      ? had.permission
      : givenBack(brought, sid, had.permission);
  if (isRestored && !had.isKept && samePermission(own, had.permission)) return { kind: 'free' };
  const keep = had.isKept || isRestored ? null : own;
  if (silencing === 'mute') {
    const permission = { ...own, canPublishData: own.canPublishData && !withheld.data };
    const mutes = withheld.sources;
    return { kind: 'uncovered', permission, withheld, mutes, keep, isRestored };
  }
  const left = withholdPermission(own, withheld);
  const sources = misusedSources(tracks, left.canPublishSources);
  const permission = isRestored ? left : withholdPermission(left, { sources, data: false });
  return { kind: 'uncovered', permission, withheld, mutes: [], keep, isRestored };
}
