import { Injectable } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { EntriesAbout, type EntryAbout } from '../ledger/entries-about.js';
import { type LedgerRef, parseLedgerId } from '../ledger/ledger-entry.js';
import type { LedgerKind } from '../ledger/ledger-kinds.js';
import type { Participant } from '../proofs/participant-auth.js';
import type { Decider, ReceiptsQuery } from './receipts.schemas.js';

/** What is decided about a participant. Not here: who watches them, and how LiveKit was told. */
export const KINDS_TOLD: readonly LedgerKind[] = [
  'token.issued',
  'token.refused',
  'gate.refused',
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
];
/** What holds. An act that LiveKit has not confirmed yet has another entry once it has. */
const OUTCOMES = ['ok', 'applied', 'refused'];
const PAGE = 50;

/** The receipts of a participant: what was decided about them, and the proof of each. */
@Injectable()
export class ReceiptsService {
  constructor(private readonly entries: EntriesAbout) {}

  async list(me: Participant, { before }: ReceiptsQuery) {
    const ref = before === undefined ? null : refOf(before);
    const found = await this.entries.list(me, KINDS_TOLD, OUTCOMES, ref, PAGE + 1);
    const page = found.slice(0, PAGE);
    return {
      data: page.map((entry) => toView(me, entry)),
      next: found.length > PAGE ? (page.at(-1)?.id ?? null) : null,
    };
  }

  async receipt(me: Participant, id: string) {
    const ref = refOf(id);
    const entry = await this.entries.find(me, KINDS_TOLD, OUTCOMES, ref);
    if (!entry) throw notFound();
    const { leafHash: _, ...proof } = await this.entries.prove(ref);
    return {
      ...toView(me, entry),
      room: me.room,
      identity: me.identity,
      leaf: entry.leaf,
      subject: isAllTold(entry) ? entry.subject : null,
      proof,
    };
  }
}

function toView(me: Participant, entry: EntryAbout) {
  const { id, at, kind, outcome, payload, leafHash } = entry;
  return {
    id,
    at,
    kind,
    outcome,
    by: deciderOf(me, entry),
    word: isWordToThem(entry) ? entry.reason : null,
    template: templateOf(payload),
    leafHash,
  };
}

/** The role that they have since then. */
function templateOf(payload: EntryAbout['payload']): string | null {
  const after = payload['after'] as { template?: unknown } | null | undefined;
  const template = payload['template'] ?? after?.template;
  return typeof template === 'string' ? template : null;
}

function deciderOf({ identity }: Participant, { actorKind, actorId }: EntryAbout): Decider {
  switch (actorKind) {
    case 'participant':
      return actorId === identity ? 'you' : 'rolecall';
    case 'operator':
      return 'moderator';
    case 'api_key':
    case 'user':
      return 'application';
    default:
      return 'rolecall';
  }
}

/** The reasons of other acts are for the log: moderators write them for each other. */
function isWordToThem({ kind }: EntryAbout): boolean {
  return kind.startsWith('stage.');
}

/** The part that the leaf commits to says nothing more of them than the receipt. */
function isAllTold(entry: EntryAbout): boolean {
  return !entry.hasPersonalPayload && (entry.reason === null || isWordToThem(entry));
}

function refOf(id: string): LedgerRef {
  const ref = parseLedgerId(id);
  if (!ref) throw notFound();
  return ref;
}

function notFound(): AppError {
  return new AppError('not_found', 'ledger.not_found', 'There is no such entry about you.');
}
