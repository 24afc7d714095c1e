import { SetMetadata } from '@nestjs/common';
import type { z } from 'zod';
import type { ProblemCode } from '../errors/problems.js';

export const ANSWER_SCHEMA = 'rolecall:answer-schema';
export const API_DOC = 'rolecall:api-doc';

/** What OpenAPI says of an operation beyond its schemas and its access rule. */
export interface OperationDoc {
  /** A verb phrase, without a full stop. */
  summary: string;
  description: string;
  /** A body that the route takes. */
  example?: unknown;
  /** The problems of this operation; those of every operation of its kind are added. */
  errors?: readonly ProblemCode[];
}

export const ApiDoc = (doc: OperationDoc) => SetMetadata(API_DOC, doc);

/** What a handler may return for `T`: services give read-only views. */
type View<T> = T extends Date ? T : T extends object ? { readonly [K in keyof T]: View<T[K]> } : T;

/** The property of a handler that answers what the schema says. */
export interface AnswerOf<S extends z.ZodType> {
  value?: (...given: never[]) => View<z.output<S>> | Promise<View<z.output<S>>>;
}

/**
 * What a route answers when all is well. OpenAPI shows it, `@rolecall/server/api` has its type, and
 * a handler that returns anything else does not compile.
 */
export const Answers =
  <S extends z.ZodType>(schema: S) =>
  (target: object, name: string, handler: AnswerOf<S>): void => {
    SetMetadata(ANSWER_SCHEMA, schema)(target, name, handler as PropertyDescriptor);
  };
