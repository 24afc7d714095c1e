import { Controller, HttpCode, Logger, type OnModuleInit, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Public } from '../actor/access.decorators.js';
import { ApiDoc } from '../common/http/api-docs.js';
import { AppError } from '../common/errors/app-error.js';
import { BeforeBody } from '../common/http/before-body.js';
import { RawBody } from '../common/http/raw-body.js';
import { LiveKitClock } from '../livekit/livekit-clock.js';
import type { LiveKitEvent } from '../livekit/webhook-event.js';
import { WebhookVerifier } from '../livekit/webhook-verifier.js';
import { WebhookInbox } from './webhook-inbox.js';
import { WebhookProcessor } from './webhook-processor.js';

/** Anybody can send a webhook that is refused: of many, one line a minute. */
const WARN_EVERY_MS = 60_000;

@Controller('livekit/webhook')
export class WebhookController implements OnModuleInit {
  private readonly log = new Logger(WebhookController.name);
  private refused = 0;
  private lastWarnedAt = -Infinity;

  constructor(
    private readonly verifier: WebhookVerifier,
    private readonly clock: LiveKitClock,
    private readonly inbox: WebhookInbox,
    private readonly processor: WebhookProcessor,
    private readonly beforeBody: BeforeBody,
  ) {}

  onModuleInit(): void {
    this.beforeBody.require('POST', '/livekit/webhook', ({ headers }) =>
      this.orWarn(() => this.verifier.verifyHeader(headers.authorization)),
    );
  }

  /** Answers once the event is stored; LiveKit retries after any answer but 2xx and 4xx. */
  @Post()
  @ApiDoc({
    summary: 'Receive a webhook of LiveKit',
    description: 'LiveKit posts its signed events here. An event that arrives twice counts once.',
    errors: ['webhook.unsigned', 'webhook.malformed', 'webhook.too_large'],
  })
  @HttpCode(200)
  @Public('LiveKit signs its webhooks; the signature over the raw body is checked first')
  async receive(@Req() request: FastifyRequest): Promise<void> {
    const raw = request.body instanceof RawBody ? request.body.bytes : Buffer.alloc(0);
    const { isNew, room } = await this.inbox.add(this.verified(raw, request));
    if (isNew) this.processor.processSoon(room);
  }

  private verified(raw: Buffer, { headers }: FastifyRequest): LiveKitEvent {
    const event = this.orWarn(() => this.verifier.verify(raw, headers.authorization));
    // It is compared with what was written here, by Postgres' clock.
    return { ...event, createdAt: this.clock.toDatabase(event.createdAt) };
  }

  /** LiveKit does not report a refused webhook, so a wrong key shows only in this log. */
  private orWarn<T>(verify: () => T): T {
    try {
      return verify();
    } catch (error) {
      this.refused++;
      const now = performance.now();
      if (now - this.lastWarnedAt >= WARN_EVERY_MS) {
        const why = error instanceof AppError ? (error.cause ?? error) : error;
        const text = why instanceof Error ? why.message : String(why);
        this.log.warn(`webhook refused: ${text} (${this.refused} since the last warning)`);
        this.lastWarnedAt = now;
        this.refused = 0;
      }
      throw error;
    }
  }
}
