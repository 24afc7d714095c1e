import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { cleanText, isCleanText } from './fields.js';

/** The most rows that one page may ask for. */
const MAX_PAGE = 1_000;
/** What Postgres takes for an offset. */
const MAX_ROW = 2_147_483_647;

const jsonContents = new WeakMap<z.ZodType, z.ZodType>();

/** What a query parameter holds as JSON; undefined: it is plain text. */
export function jsonContentOf(schema: z.ZodType): z.ZodType | undefined {
  const inner =
    schema instanceof z.ZodDefault || schema instanceof z.ZodOptional
      ? (schema.unwrap() as z.ZodType)
      : schema;
  return jsonContents.get(inner);
}

/** A query parameter that is JSON, such as `filter={"q":"ana"}`. */
export function jsonParameter<T extends z.ZodType>(schema: T, what: string) {
  const parameter = z
    .string()
    .max(20_000)
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: `must be ${what} as JSON` });
        return z.NEVER;
      }
    })
    .pipe(schema);
  jsonContents.set(parameter, schema);
  return parameter;
}

export interface ListQuery<F> {
  sort: [string, 'ASC' | 'DESC'];
  /** First and last row, both included. */
  range: [number, number];
  filter: F;
}

/** `?sort=["name","ASC"]&range=[0,24]&filter={"q":"ana"}`, the dialect of react-admin's simple-rest. */
export function listQuery<S extends [string, ...string[]], F extends z.ZodRawShape>(
  sortable: S,
  filter: F,
  defaultSort: [S[number], 'ASC' | 'DESC'],
) {
  const filterSchema = z.strictObject({
    ...filter,
    id: z
      .array(cleanText(1_024))
      .max(1_000)
      .optional()
      .describe('Only the records with these ids.'),
  });
  return z.strictObject({
    sort: jsonParameter(
      z.tuple([
        z.enum(sortable, { message: `can sort by ${sortable.join(', ')}` }),
        z.enum(['ASC', 'DESC']),
      ]),
      '["field","ASC"]',
    )
      .default(() => defaultSort as never)
      .describe('The field to sort by, and `ASC` or `DESC`.'),
    range: jsonParameter(
      z
        .tuple([z.number().int().min(0).max(MAX_ROW), z.number().int().min(0).max(MAX_ROW)])
        .refine(([from, to]) => to >= from && to - from < MAX_PAGE, {
          message: `must be [first,last] with at most ${MAX_PAGE} rows`,
        }),
      '[first,last]',
    )
      .default(() => [0, 24] as [number, number])
      .describe(`The first and the last row, counted from 0; at most ${MAX_PAGE} rows.`),
    filter: jsonParameter(filterSchema, 'an object')
      .default(() => ({}) as never)
      .describe('Only the records that match all of these fields.'),
  });
}

/** Free text in filters: matched as a part of the value, never as a pattern. */
export const searchText = z
  .string()
  .max(256)
  .refine(isCleanText, { message: 'must be well-formed Unicode without NUL' })
  .describe('Text that a name, id or similar field contains; upper and lower case are alike.');

/** Escapes what LIKE would read as a wildcard. */
export function likePattern(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`;
}

/** The cursors of a page of a list that is paged by `cursor`. */
export const pageInfoResponse = z
  .object({
    next: z.string().nullable().describe('The `cursor` of the next page; null: there is none.'),
    prev: z.string().nullable().describe('The `cursor` of the page before; null: there is none.'),
  })
  .describe('Where the list goes on.');

export interface Page<T> {
  rows: T[];
  total: number;
}

/** Sets `Content-Range: users 0-24/812` and gives the rows back. */
export function sendPage<T>(
  reply: FastifyReply,
  resource: string,
  range: [number, number],
  page: Page<T>,
): T[] {
  const { rows, total } = page;
  const span = rows.length === 0 ? '*' : `${range[0]}-${range[0] + rows.length - 1}`;
  reply.header('Content-Range', `${resource} ${span}/${total}`);
  reply.header('Access-Control-Expose-Headers', 'Content-Range');
  return rows;
}
