import { HttpCode } from '@nestjs/common';
import type { z } from 'zod';
import { RequirePermission } from '../actor/access.decorators.js';
import { type AnswerOf, Answers, ApiDoc, type OperationDoc } from '../common/http/api-docs.js';
import { type ActName, ACTS } from './acts.js';

/** The route of an act: needs its permission in the room that the path names. */
export const ForAct = (name: ActName) => RequirePermission(ACTS[name].permission, { room: 'room' });

/** Everything that the route of an act declares beside its method and path. */
export const ActRoute =
  <S extends z.ZodType>(name: ActName, answer: S, doc: OperationDoc) =>
  (target: object, key: string, handler: AnswerOf<S>): void => {
    Answers(answer)(target, key, handler);
    for (const decorate of [HttpCode(200), ForAct(name), ApiDoc(doc)]) {
      decorate(target, key, handler as PropertyDescriptor);
    }
  };
