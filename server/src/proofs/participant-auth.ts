import type { IncomingHttpHeaders } from 'node:http';
import { createParamDecorator, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../common/errors/app-error.js';
import { RateLimit } from '../common/rate-limit.js';
import { ParticipantProofs } from './participant-proofs.js';
import { LedgerService } from '../ledger/ledger.service.js';
import { isStorable } from '../livekit/storable.js';
import type { TokenFacts } from '../livekit/token-reader.js';
import type { Evaluation } from '../seats/public/policy.js';
import type { ActorRef, RequestFacts } from '../actor/actor.js';

/** A participant who presented a valid token for the room; they act for this seat only. */
export interface Participant {
  readonly room: string;
  readonly identity: string;
  readonly evaluation: Evaluation;
  /** As the ledger names them. */
  readonly ref: ActorRef & RequestFacts;
}

/** For each seat: a hand goes up and down a few times, and a page asks again after every change. */
const ACTIONS = { points: 10, seconds: 10 };
const READS = { points: 40, seconds: 10 };

/**
 * Authenticates participants by their LiveKit token. Identity and room come from the token alone;
 * its rights do not matter.
 */
@Injectable()
export class ParticipantAuth {
  private readonly actions = new RateLimit(ACTIONS);
  private readonly reads = new RateLimit(READS);

  constructor(
    private readonly proofs: ParticipantProofs,
    private readonly ledger: LedgerService,
  ) {}

  async authenticate(
    request: FastifyRequest,
    reply: FastifyReply,
    roomParam: string,
  ): Promise<Participant> {
    // Refusals are read by pages of other origins as well. No cookie counts here, so none may ride along.
    reply.header('Access-Control-Allow-Origin', '*');
    reply.header('Access-Control-Expose-Headers', 'Retry-After, X-Request-Id');
    const presented = presentedToken(request.headers);
    const token = presented === undefined ? null : this.proofs.read(presented);
    if (presented === undefined || !token) throw proofRequired();
    // Before Postgres is asked anything. Who has no valid token costs a signature check.
    const limit = isRead(request.method) ? this.reads : this.actions;
    await limit.consume(JSON.stringify([token.room, token.identity]));
    const proof = await this.proofs.check(presented);
    if (proof.kind === 'refused' && proof.status === 401) throw proofRequired();
    const { room, identity } = token;
    const { id: requestId, ip } = request;
    const ref = { kind: 'participant', id: identity, label: identity, requestId, ip } as const;
    const refuse = async (code: string, text: string): Promise<never> => {
      await this.recordRefusal(request, token, ref, code);
      throw new AppError('forbidden', code, text);
    };
    if (proof.kind === 'refused') return refuse(proof.code, proof.text);
    if (room !== (request.params as Record<string, string>)[roomParam]) {
      return refuse('participant.other_room', 'This token is for another room.');
    }
    if (proof.evaluation.input.seat?.peeksAt != null) {
      return refuse('participant.is_peek', 'A peek takes no part in the room.');
    }
    return { room, identity, evaluation: proof.evaluation, ref };
  }

  /** Records refused attempts with a real token; the rate limit bounds them, and reads are no attempts. */
  private async recordRefusal(
    { method, routeOptions }: FastifyRequest,
    { room, identity }: TokenFacts,
    actor: Participant['ref'],
    refusal: string,
  ): Promise<void> {
    if (isRead(method) || !isStorable(room) || !isStorable(identity)) return;
    await this.ledger
      .appendDurably({
        kind: 'access.refused',
        outcome: 'refused',
        actor,
        room,
        identity,
        payload: { method, route: routeOptions.url ?? '', refusal },
      })
      .catch(() => undefined);
  }
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Where a proxy in front needs `Authorization` for itself, pages send the token in our own header. */
export const PARTICIPANT_TOKEN_HEADER = 'x-rolecall-token';

function presentedToken(headers: IncomingHttpHeaders): string | undefined {
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
  const presented = bearer ?? headers[PARTICIPANT_TOKEN_HEADER];
  if (typeof presented !== 'string') return undefined;
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(presented) ? presented : undefined;
}

function proofRequired(): AppError {
  return new AppError(
    'unauthenticated',
    'participant.proof_required',
    'Send your LiveKit token for this room as "Authorization: Bearer …", or in X-Rolecall-Token.',
  );
}

export interface RequestWithParticipant extends FastifyRequest {
  participant?: Participant;
}

/** The `Participant` that the guard let in. Only on routes with the rule `@Participant()`. */
export const CurrentParticipant = createParamDecorator(
  (_: unknown, context: ExecutionContext): Participant => {
    const { participant } = context.switchToHttp().getRequest<RequestWithParticipant>();
    if (!participant) throw new Error('CurrentParticipant on a route of another kind');
    return participant;
  },
);
