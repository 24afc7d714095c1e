import { hash } from 'node:crypto';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { ACTS } from '../acts/acts.js';
import { type Actor, SYSTEM_ACTOR } from '../actor/actor.js';
import { AppError } from '../common/errors/app-error.js';
import { inParallel } from '../common/in-parallel.js';
import { APP_CONFIG, type AppConfig, clientUrlOf } from '../config/app-config.js';
import { type Hint, Hints } from '../hints/hints.js';
import { exceeds } from '../grants/ceiling.js';
import { compileGrant } from '../grants/compile-grant.js';
import type { PolicyInput } from '../grants/policy.js';
import { PEEK_PREFIX } from '../grants/names.js';
import { PEEK_GRANTS } from '../grants/presets.js';
import type { RoleGrants } from '../grants/role-grants.js';
import { type LedgerEntryInput, ledgerId } from '../ledger/ledger-entry.js';
import { LedgerWitnesses } from '../ledger/witness/ledger-witnesses.js';
import { LiveKitClock } from '../livekit/livekit-clock.js';
import { TokenSigner } from '../livekit/signer.js';
import { newTokenId } from '../common/token-id.js';
import { Metrics } from '../metrics/metrics.service.js';
import { PolicyReader } from '../policy/policy-reader.js';
import { assertNotVoid } from '../policy/not-void.js';
import { SeatPolicy } from '../seats/public/policy.js';
import { type Seat, SeatReader } from '../seats/public/seats.js';
import { SeatTokens } from '../seats/public/tokens.js';
import type { Peek, PeekBody } from './peeks.schemas.js';

const TEMPLATE = 'hidden-observer';
/** LiveKit checks it once, at the connect. */
const TOKEN_SECONDS = 60;
/** The longest peek. To see more, a moderator peeks again, which is logged again. */
const PEEK_SECONDS = 5 * 60;
const ENDED_AT_ONCE = 4;

/**
 * Peeks: a moderator joins a room as a hidden participant who may only subscribe. Before the token
 * leaves, the ledger has an entry for it and one for the act on the person. An operator has one seat
 * for peeks in a room, so a second peek ends the first.
 */
@Injectable()
export class PeeksService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger(PeeksService.name);
  private stopListening: (() => void) | null = null;

  constructor(
    private readonly seats: SeatPolicy,
    private readonly store: SeatReader,
    private readonly tokens: SeatTokens,
    private readonly templates: PolicyReader,
    private readonly signer: TokenSigner,
    private readonly metrics: Metrics,
    private readonly hints: Hints,
    private readonly clock: LiveKitClock,
    private readonly witnesses: LedgerWitnesses,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  onApplicationBootstrap(): void {
    this.stopListening = this.hints.listen((hints) => this.onHints(hints));
  }

  onApplicationShutdown(): void {
    this.stopListening?.();
  }

  /**
   * Throws `not_found` for an unknown room; `conflict` when the person is absent or is a peek, when the
   * moderator's own seat is blocked or the room closed, and when the template grants more or less than
   * hidden listening.
   */
  async begin(actor: Actor, room: string, target: string, { reason }: PeekBody): Promise<Peek> {
    const identity = peekIdentity(actor);
    const evaluation = await this.seats.evaluate(room, identity);
    const watched = await this.store.find(room, target);
    if (!watched?.isPresent) throw conflict('seat.not_present', 'They are not in the room.');
    if (watched.peeksAt !== null) {
      throw conflict('seat.is_peek', 'This is a moderator who peeks at somebody.');
    }
    const { decision, facts } = evaluation;
    if (decision.verdict === 'refuse' && FINAL.has(decision.code)) {
      throw conflict(decision.code, decision.because[0]?.text ?? 'You may not be in the room.');
    }
    const { version, grants } = await this.role(evaluation.input);
    assertNotVoid(facts);
    this.clock.assertTokensHold();
    this.witnesses.assertCosigned();
    const { now } = facts;
    const claims = compileGrant({
      grants,
      room,
      identity,
      kind: 'standard',
      name: actor.label,
      metadata: '',
      attributes: {},
      ttlSeconds: TOKEN_SECONDS,
      issuer: this.config.livekit.apiKey,
      now,
      jti: newTokenId(now),
    });
    const token = this.signer.sign({ ...claims });
    const expiresAt = new Date(claims.exp * 1000).toISOString();
    const common = { outcome: 'ok', actor, room, reason: reason ?? null } as const;
    const entriesOf = (until: Date): LedgerEntryInput[] => [
      {
        ...common,
        kind: 'token.issued',
        identity,
        payload: {
          jti: claims.jti,
          tokenHash: hash('sha256', token),
          template: TEMPLATE,
          version,
          source: 'peek',
          peeksAt: target,
          grants,
          ttl: TOKEN_SECONDS,
          expiresAt,
          claims,
          because: [],
        },
      },
      {
        ...common,
        kind: ACTS.peek.ledgerKind,
        identity: target,
        payload: { as: identity, jti: claims.jti, until: until.toISOString() },
      },
    ];
    const seat = { room, identity, peeksAt: target };
    const role = { template: TEMPLATE, version, seconds: PEEK_SECONDS };
    const { ref, until } = await this.tokens.peek(actor, seat, role, entriesOf);
    this.metrics.issuances.inc({ outcome: 'issued' });
    return {
      token,
      serverUrl: clientUrlOf(this.config),
      issuanceId: ledgerId(ref),
      leafHash: ref.leafHash,
      jti: claims.jti,
      identity,
      expiresAt,
      until: until.toISOString(),
    };
  }

  /** Ends the actor's own peek at this person; does nothing without one. */
  async end(actor: Actor, room: string, target: string): Promise<void> {
    await this.endAt(actor, room, peekIdentity(actor), ({ peeksAt }) => peeksAt === target);
  }

  /** Peeks end when their operator signs out, is disabled or gets another access. */
  private onHints(hints: readonly Hint[]): void {
    for (const { topic } of hints) {
      if (!topic.startsWith(OPERATOR)) continue;
      this.endAll(topic.slice(OPERATOR.length)).catch((error: unknown) => {
        this.log.warn(`open peeks end by themselves: ${String(error)}`);
      });
    }
  }

  private async endAll(id: string): Promise<void> {
    const identity = peekIdentity({ id });
    const because = 'their access or session changed';
    await inParallel(await this.store.listPeeks(identity), ENDED_AT_ONCE, (room) =>
      this.endAt(SYSTEM_ACTOR, room, identity, () => true, because),
    );
  }

  private async endAt(
    actor: Actor,
    room: string,
    identity: string,
    isMeant: (seat: Seat) => boolean,
    reason?: string,
  ): Promise<void> {
    await this.tokens.endPeek(actor, room, identity, isMeant, reason);
  }

  private async role(input: PolicyInput): Promise<{ version: number; grants: RoleGrants }> {
    const state = input.templates[TEMPLATE];
    if (state?.published == null || state.isArchived) {
      throw conflict('peek.no_template', `A peek needs the role template ${TEMPLATE}, published.`);
    }
    const { grants } = await this.templates.version(TEMPLATE, state.published);
    const isHiddenListener =
      exceeds(grants, PEEK_GRANTS).length === 0 && exceeds(PEEK_GRANTS, grants).length === 0;
    if (isHiddenListener) return { version: state.published, grants };
    throw conflict(
      'peek.template_changed',
      `A peek needs the role template ${TEMPLATE} to grant hidden and subscribe, and nothing else.`,
    );
  }
}

/** Refusals that hold for a peek as well. */
const FINAL: ReadonlySet<string> = new Set(['seat.blocked', 'room.closed']);

/** Beginning of the topics of hints about operators and API keys. */
const OPERATOR = 'operator:';

function peekIdentity({ id }: Pick<Actor, 'id'>): string {
  return PEEK_PREFIX + id;
}

function conflict(code: string, text: string): AppError {
  return new AppError('conflict', code, text);
}
