import { SetMetadata } from '@nestjs/common';
import type { z } from 'zod';

export const ANSWER_SCHEMA = 'rolecall:answer-schema';

/** What a handler may return for `T`: services give read-only views. */
type View<T> = T extends Date ? T : T extends object ? { readonly [K in keyof T]: View<T[K]> } : T;

interface Handler<T> {
  value?: (...given: never[]) => T | Promise<T>;
}

/**
 * What a route answers when all is well. OpenAPI shows it, `@rolecall/server/api` has its type, and
 * a handler that returns anything else does not compile.
 */
export const Answers =
  <S extends z.ZodType>(schema: S) =>
  (target: object, name: string, handler: Handler<View<z.output<S>>>): void => {
    SetMetadata(ANSWER_SCHEMA, schema)(target, name, handler as PropertyDescriptor);
  };
