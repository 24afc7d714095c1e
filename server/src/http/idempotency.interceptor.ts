import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import type { RequestWithActor } from '../actor/access.decorators.js';
import { Idempotency } from './idempotency.js';

/** `Idempotency-Key` on every route that Nest runs. */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(private readonly idempotency: Idempotency) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<RequestWithActor>();
    const key = this.idempotency.keyOf(request);
    if (key === null) return next.handle();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const work = () => lastValueFrom(next.handle(), { defaultValue: undefined });
    return from(this.idempotency.once(key, request, reply, work));
  }
}
