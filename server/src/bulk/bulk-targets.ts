import { Injectable } from '@nestjs/common';
import { foldText } from '../grants/fold-text.js';
import { exceeds } from '../grants/ceiling.js';
import { MODERATOR_CEILING } from '../grants/presets.js';
import { OperatorStore } from '../operators/operator-store.js';
import { PolicyReader } from '../policy/policy-reader.js';
import { SeatReader, SeatViews } from '../seats/public/seats.js';
import { KINDS_WITH_A_ROLE } from '../livekit/whip.js';
import type { SeatView } from '../seats/views/seats.schemas.js';
import type { TargetFilter } from './bulk.schemas.js';

/** Who a filter means, as of the instant that the moderator's screen showed. */
@Injectable()
export class BulkTargets {
  constructor(
    private readonly operators: OperatorStore,
    private readonly store: SeatReader,
    private readonly views: SeatViews,
    private readonly policy: PolicyReader,
  ) {}

  /**
   * Who matches and was there by then, publishers first. A filter never includes those who run the
   * room: operators under their own address, people with more than a moderator gives (unless their
   * template is asked for by name), agents and other programs, and peeks.
   */
  async choose(room: string, filter: TargetFilter, asOf: Date): Promise<string[]> {
    const except = new Set(filter.except ?? []);
    const seats = (await this.views.list(room)).filter(
      (seat) => !except.has(seat.identity) && matches(seat, filter) && !isLater(seat, asOf),
    );
    const operators = new Set(
      await this.operators.listAmong(seats.map(({ identity }) => identity)),
    );
    const meant: SeatView[] = [];
    for (const seat of seats) {
      if (isNobodysPlace(seat) || operators.has(seat.identity)) continue;
      if (filter.template === undefined && (await this.runsTheRoom(seat))) continue;
      meant.push(seat);
    }
    return publishersFirst(meant).map(({ identity }) => identity);
  }

  /** Identities as they were given, each once; publishers first. */
  async inOrder(room: string, identities: readonly string[]): Promise<string[]> {
    const unique = [...new Set(identities)];
    const seats = await this.store.findMany(room, unique);
    const publishing = new Set(
      seats.filter(({ tracks }) => tracks.length > 0).map(({ identity }) => identity),
    );
    return [
      ...unique.filter((identity) => publishing.has(identity)),
      ...unique.filter((identity) => !publishing.has(identity)),
    ];
  }

  private async runsTheRoom({ role }: SeatView): Promise<boolean> {
    if (!role) return false;
    const { grants } = await this.policy.version(role.template, role.version);
    return exceeds(grants, MODERATOR_CEILING).length > 0;
  }
}

function matches(seat: SeatView, filter: TargetFilter): boolean {
  const { q, template, state, isPublishing, hand } = filter;
  if (state === undefined ? !seat.isPresent : seat.state !== state) return false;
  if (template !== undefined && seat.role?.template !== template) return false;
  if (isPublishing !== undefined && seat.tracks.length > 0 !== isPublishing) return false;
  if (hand !== undefined && hasHand(seat) !== hand) return false;
  if (q === undefined || q === '') return true;
  const part = foldText(q);
  return foldText(seat.identity).includes(part) || foldText(seat.name ?? '').includes(part);
}

function hasHand(seat: SeatView): boolean {
  return (seat as { hand?: unknown }).hand != null;
}

function isLater({ joinedAt }: SeatView, asOf: Date): boolean {
  return joinedAt !== null && new Date(joinedAt) > asOf;
}

/** What is in the room for a purpose of its own: programs, and moderators who look at somebody. */
function isNobodysPlace({ kind, observed, peeksAt }: SeatView): boolean {
  return (
    peeksAt !== null || (kind !== null && !KINDS_WITH_A_ROLE.has(kind)) || observed?.agent === true
  );
}

function publishersFirst(seats: SeatView[]): SeatView[] {
  return [
    ...seats.filter(({ tracks }) => tracks.length > 0),
    ...seats.filter(({ tracks }) => tracks.length === 0),
  ];
}
