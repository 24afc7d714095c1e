import { Controller, HttpCode, Logger, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Public } from '../access/access.decorators.js';
import { AppError } from '../common/errors/app-error.js';
import { RawBody } from '../common/http/raw-body.js';
import { LiveKitClock } from '../livekit/livekit-clock.js';
import type { LiveKitEvent } from '../livekit/webhook-event.js';
import { WebhookVerifier } from '../livekit/webhook-verifier.js';
import { WebhookInbox } from './webhook-inbox.js';
import { WebhookProcessor } from './webhook-processor.js';

@Controller('livekit/webhook')
export class WebhookController {
  private readonly log = new Logger(WebhookController.name);

  constructor(
    private readonly verifier: WebhookVerifier,
    private readonly clock: LiveKitClock,
    private readonly inbox: WebhookInbox,
    private readonly processor: WebhookProcessor,
  ) {}

  /** Answers once the event is kept; LiveKit tries again after any answer but 2xx and 4xx. */
  @Post()
  @HttpCode(200)
  @Public('LiveKit signs its webhooks; the signature over the raw body is checked first')
  async receive(@Req() request: FastifyRequest): Promise<void> {
    const raw = request.body instanceof RawBody ? request.body.bytes : Buffer.alloc(0);
    const { isNew, room } = await this.inbox.take(this.verified(raw, request));
    if (isNew) this.processor.kick(room);
  }

  private verified(raw: Buffer, { headers }: FastifyRequest): LiveKitEvent {
    try {
      const event = this.verifier.verify(raw, headers.authorization);
      // It is compared with what was written here, by Postgres' clock.
      return { ...event, createdAt: this.clock.toDatabase(event.createdAt) };
    } catch (error) {
      // LiveKit takes a refusal for a delivery, so a wrong key must be seen here or nowhere.
      const why = error instanceof AppError ? (error.cause ?? error) : error;
      this.log.warn(`webhook refused: ${why instanceof Error ? why.message : String(why)}`);
      throw error;
    }
  }
}
