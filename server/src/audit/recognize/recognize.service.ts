import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { DatabaseClock } from '../../database/database-clock.js';
import { describeGrants } from '../../grants/describe.js';
import type { EntryView } from '../../ledger/entry-view.js';
import { LedgerReader, toIssuance } from '../../ledger/ledger-reader.js';
import { ForgottenEntries } from '../../ledger/retention/forgotten-entries.js';
import { TokenUses } from '../../ledger/token-uses.js';
import { type LivingToken, readCeiling } from '../../ledger/living-tokens.js';
import { LEEWAY_MS } from '../exposure.js';
import { ExposureService, type StandingOfToken } from '../exposure.service.js';
import { type KnownNames, Names } from '../log/names.js';
import type { Recognized, RecognizeBody } from './recognize.schemas.js';

type Issuance = ReturnType<typeof toIssuance>;

const SHOWN_USES = 20;

/** Answers "did we issue this?", and what the token is still good for. */
@Injectable()
export class RecognizeService {
  constructor(
    private readonly reader: LedgerReader,
    private readonly uses: TokenUses,
    private readonly exposure: ExposureService,
    private readonly names: Names,
    private readonly clock: DatabaseClock,
    private readonly forgotten: ForgottenEntries,
  ) {}

  async recognize(actor: Actor, body: RecognizeBody): Promise<Recognized> {
    const by = body.tokenHash === undefined ? 'jti' : 'hash';
    const entry = await this.find(actor, body);
    if (!entry) return notIssued(by, await this.forgotten.tokensUntil());
    const issuance = toIssuance(entry);
    const token = tokenOf(issuance);
    const standing = token && (await this.exposure.standingOf(token));
    const uses = token
      ? await this.uses.of({ ...token, issuedAt: token.issuedAt }, SHOWN_USES)
      : [];
    const role = standing?.exposure.template ?? null;
    const names = await this.names.lookUp({
      identities: [entry.identity],
      actors: [entry.actor],
      templates: [issuance.template, role],
    });
    const state = this.stateOf(issuance, standing);
    return {
      isIssued: true,
      by,
      text: sentence(issuance, state, names),
      issuance,
      people: {
        issuer: names.actor(entry.actor, entry.erased.includes('actor')),
        subject: names.subject(entry.identity),
      },
      role: names.role(issuance.template, issuance.version),
      state,
      expiresAt: issuance.expiresAt === null ? null : new Date(issuance.expiresAt),
      voidedAt: state === 'voided' ? (standing?.voidBefore ?? null) : null,
      uses,
      now: standing && nowOf(standing, state, names),
    };
  }

  private async find(actor: Actor, body: RecognizeBody): Promise<EntryView | null> {
    try {
      return await this.reader.findToken(actor, body);
    } catch (error) {
      if (error instanceof AppError && error.kind === 'not_found') return null;
      throw error;
    }
  }

  /** LiveKit and Rolecall bear a minute after the expiry. */
  private stateOf(
    { expiresAt }: Issuance,
    standing: StandingOfToken | null,
  ): 'living' | 'expired' | 'voided' {
    if (standing?.isVoid) return 'voided';
    const end = expiresAt === null ? 0 : Date.parse(expiresAt) + LEEWAY_MS;
    return end > this.clock.now().getTime() ? 'living' : 'expired';
  }
}

const OUT: Readonly<Record<'expired' | 'voided', { code: string; text: string }>> = {
  expired: { code: 'token.expired', text: 'The token has expired.' },
  voided: { code: 'token.voided', text: 'The token was revoked.' },
};

/** The gate asks the token first, then policy. */
function nowOf(
  { exposure, grants }: StandingOfToken,
  state: 'living' | 'expired' | 'voided',
  names: KnownNames,
): Recognized['now'] {
  const entrance = state === 'living' ? exposure.entrance : { canComeIn: false, ...OUT[state] };
  const isIn = entrance.canComeIn;
  return {
    entrance,
    role: isIn ? names.role(exposure.template, exposure.version) : null,
    grants: isIn && grants ? describeGrants(grants) : [],
  };
}

/** Null: for no room, for somebody who is erased, or without what policy has to know. */
function tokenOf(issuance: Issuance): LivingToken | null {
  const { id, jti, room, identity, template, at, expiresAt, actor, payload, grants } = issuance;
  if (!jti || !expiresAt || !template || room === null || identity === null) return null;
  if (!grants?.roomJoin) return null;
  return {
    issuanceId: id,
    jti,
    room,
    identity,
    template,
    issuedAt: at,
    expiresAt: new Date(expiresAt),
    issuer: actor,
    isUnreadable: Number.isNaN(Date.parse(expiresAt)),
    ceiling: readCeiling(payload['ceiling']) ?? null,
  };
}

function notIssued(by: 'hash' | 'jti', forgottenUntil: Date | null): Recognized {
  const unless =
    forgottenUntil === null
      ? ''
      : ` Tokens from before ${forgottenUntil.toISOString()} are not all known: a rule let their entries go into an archive.`;
  return {
    isIssued: false,
    by,
    text:
      (by === 'hash'
        ? 'Rolecall did not issue this token, or not for a room that you may read about.'
        : 'Rolecall issued no token with this id, or not for a room that you may read about.') +
      unless,
    issuance: null,
    people: { issuer: null, subject: null },
    role: null,
    state: 'not_issued',
    expiresAt: null,
    voidedAt: null,
    uses: [],
    now: null,
  };
}

function sentence(issuance: Issuance, state: string, names: KnownNames): string {
  const { actor, identity, room, template, at, erased } = issuance;
  const issuer = names.actor(actor, erased.includes('actor'))?.name ?? 'somebody who is erased';
  const subject = names.subject(identity)?.name ?? 'somebody who is erased';
  const role = names.role(template)?.name;
  const where = room === null ? '' : ` in ${room}`;
  const as = role === undefined ? '' : ` as ${role}`;
  const ends = { living: 'It is living.', expired: 'It has expired.', voided: 'It was revoked.' };
  return `${issuer} issued it for ${subject}${where}${as} at ${at.toISOString()}. ${ends[state as keyof typeof ends]}`;
}
