import { SetMetadata } from '@nestjs/common';
import type { z } from 'zod';

export const ANSWER_SCHEMA = 'rolecall:answer-schema';

/** What a route answers when all is well; OpenAPI shows it and the contract tests hold it against it. */
export const Answers = (schema: z.ZodType) => SetMetadata(ANSWER_SCHEMA, schema);
