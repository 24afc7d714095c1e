import { randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { PgPool } from '../database/pg-pool.js';
import { compileGrant } from '../grants/compile-grant.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { TokenSigner } from '../livekit/signer.js';
import { isStorable } from '../livekit/storable.js';
import { type TokenFacts, TokenReader } from '../livekit/token-reader.js';
import { PolicyReader } from '../policy/policy-reader.js';
import { LiveRooms } from '../rooms/live-rooms.js';
import { SeatObservations } from '../seats/seat-observations.js';
import { SeatPolicy, type Standing } from '../seats/seat-policy.js';
import { type GateTarget, isProbe, presentedToken } from './gate-paths.js';

/** LiveKit looks at it once, in the moment of the connect. */
const TOKEN_SECONDS = 30;

export interface Knock {
  readonly target: GateTarget;
  readonly authorization: string | undefined;
  readonly ip: string;
  readonly requestId: string;
}

export type GateAnswer =
  | { readonly status: 200; readonly token: string; readonly room: string }
  | {
      readonly status: 401 | 403 | 503;
      readonly code: string;
      /** For the participant: says no more than they may know. */
      readonly text: string;
    };

const REFUSALS: Readonly<Record<string, string>> = {
  'seat.blocked': 'You are blocked from this room.',
  'user.suspended': 'Your account is suspended.',
  'user.deleted': 'Your account does not exist any more.',
  'room.closed': 'The room is closed.',
  'room.not_found': 'There is no such room.',
  unlisted: 'This room is for invited participants only.',
};

/**
 * Decides every connect anew. The token that a client presents proves who it is, whatever rights
 * it carries; what it gets is a token of this moment, with what policy gives now.
 */
@Injectable()
export class GateService {
  private readonly log = new Logger(GateService.name);
  private readonly reader: TokenReader;

  constructor(
    private readonly policy: SeatPolicy,
    private readonly templates: PolicyReader,
    private readonly observations: SeatObservations,
    private readonly signer: TokenSigner,
    private readonly ledger: LedgerService,
    private readonly liveRooms: LiveRooms,
    private readonly pg: PgPool,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {
    this.reader = new TokenReader(config.livekit);
  }

  /** Fails closed: without Postgres, or without an entry of what was decided, nobody comes in. */
  async decide(knock: Knock): Promise<GateAnswer> {
    const presented = presentedToken(knock.target, knock.authorization);
    const facts = this.reader.read(presented);
    if (!facts) return { status: 401, code: 'gate.token_invalid', text: 'The token is not valid.' };
    // LiveKit would let `x` in as `x#name`: an identity that nobody has checked.
    if (knock.target.query.has('publish')) {
      return refusal('gate.publish_only', 'Connections that only publish are not let in.');
    }
    if (!isStorable(facts.identity) || !isStorable(facts.room)) return refusal('room.not_found');
    try {
      return await this.decideFor(facts, presented, knock);
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'unavailable') throw error;
      this.log.warn(`nobody is let in: ${error.message}`);
      return { status: 503, code: error.code, text: 'Rolecall cannot decide now. Try again.' };
    }
  }

  /** LiveKit said that the room does not run though it should. */
  async startRoom(room: string): Promise<void> {
    const standing = await this.policy.stand(room, '');
    await this.liveRooms.ensure(standing.room);
  }

  private async decideFor(facts: TokenFacts, presented: string, knock: Knock): Promise<GateAnswer> {
    const standing = await this.stand(facts);
    if (!standing) {
      await this.record(knock, facts, null, 'room.not_found');
      return refusal('room.not_found');
    }
    const { wanted } = standing;
    if (wanted.kind === 'out') {
      await this.record(knock, facts, standing, wanted.code);
      return refusal(wanted.code);
    }
    const isJoiner = wanted.kind === 'role' ? wanted.role.grants.roomJoin : true;
    if (!isJoiner) {
      await this.record(knock, facts, standing, 'gate.role_does_not_join');
      return refusal('gate.role_does_not_join');
    }
    // No rule covers them and the room allows that: they are what their token says.
    const token = wanted.kind === 'role' ? await this.mint(facts, standing) : presented;
    await this.record(knock, facts, standing, null);
    if (standing.room.liveSid === null) await this.liveRooms.ensureSoon(standing.room);
    return { status: 200, token, room: facts.room };
  }

  /** Null for a room that Rolecall does not have. */
  private async stand({ room, identity }: TokenFacts): Promise<Standing | null> {
    try {
      const standing = await this.policy.stand(room, identity);
      if (standing.facts.wasIssued) return standing;
      // They never came before: only the ledger can tell that a token was issued to them.
      if (!(await this.observations.expect(room, identity))) return standing;
      return await this.policy.stand(room, identity);
    } catch (error) {
      if (error instanceof AppError && error.kind === 'not_found') return null;
      throw error;
    }
  }

  private async mint(token: TokenFacts, { room, facts, role }: Standing): Promise<string> {
    if (!role) throw new Error('a token without a role');
    const { user } = facts;
    const content = await this.templates.version(role.template, role.version);
    const isUserNewer = user ? await this.isChangedSince(user.id, token.issuedAt) : false;
    const [first, second] = isUserNewer ? [user, token] : [token, user];
    const claims = compileGrant({
      grants: role.grants,
      room: room.name,
      identity: token.identity,
      kind: user?.kind ?? 'standard',
      name: first?.name || second?.name || '',
      metadata: first?.metadata || second?.metadata || content.metadata,
      attributes: { ...content.attributes, ...second?.attributes, ...first?.attributes },
      ttlSeconds: TOKEN_SECONDS,
      issuer: this.config.livekit.apiKey,
      now: new Date(),
      jti: randomUUID(),
    });
    return this.signer.sign({ ...claims });
  }

  /** What was asked for with the token stands until the user is changed after it. */
  private async isChangedSince(userId: string, at: Date | null): Promise<boolean> {
    if (!at) return true;
    const { rows } = await this.pg.query<{ isNewer: boolean }>(
      'gate-user-newer',
      // Tokens tell whole seconds.
      `SELECT updated_at >= $2::timestamptz + interval '1 second' AS "isNewer"
       FROM app_user WHERE id = $1`,
      [userId, at],
    );
    return rows[0]?.isNewer ?? false;
  }

  /** The entry is there before anybody comes in; `refused` is null for who is let in. */
  private async record(
    { target, ip, requestId }: Knock,
    token: TokenFacts,
    standing: Standing | null,
    refused: string | null,
  ): Promise<void> {
    if (isProbe(target)) return;
    await this.ledger.appendDurably({
      kind: refused === null ? 'gate.admitted' : 'gate.refused',
      outcome: refused === null ? 'ok' : 'refused',
      actor: { kind: 'system', id: null, label: 'Gate', ip, requestId },
      room: token.room,
      identity: token.identity,
      payload: {
        path: target.path,
        jti: token.jti,
        template: standing?.role?.template ?? null,
        version: standing?.role?.version ?? null,
        source: standing?.role?.source ?? null,
        ...(refused === null ? {} : { refusal: refused }),
        because: standing?.decision.because ?? [],
      },
    });
  }
}

function refusal(code: string, text?: string): GateAnswer {
  return {
    status: 403,
    code,
    text: text ?? REFUSALS[code] ?? 'You have no role in this room.',
  };
}
