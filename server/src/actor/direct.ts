import { SetMetadata } from '@nestjs/common';
import type { Actor } from './actor.js';

export const DIRECT = 'rolecall:direct';

/** A handler that takes who asks and the checked body, and answers something. */
interface DirectHandler {
  value?: (actor: Actor, body: never) => Promise<object>;
}

/**
 * The route runs without Nest's pipeline, which takes longer than the rest of a short request. The
 * access rule, idempotency, the check of the body and problems are the same.
 */
export const Direct = () => (target: object, name: string, handler: DirectHandler) => {
  SetMetadata(DIRECT, true)(target, name, handler as PropertyDescriptor);
};
