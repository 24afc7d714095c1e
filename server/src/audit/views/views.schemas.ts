import { z } from 'zod';
import { cleanText, ignoredField, readOnlyField, uuidText } from '../../common/http/fields.js';
import { queryText, searchText, zoneText } from '../../ledger/ledger.schemas.js';

const name = cleanText(128)
  .transform((text) => text.trim())
  .refine((text) => text.length > 0, { message: 'must not be empty' })
  .describe('What the view is called, up to 128 bytes; each name once.');
const note = cleanText(1_000).describe('What the view is for, up to 1,000 bytes.');

export const createViewBody = z.strictObject({
  name,
  query: queryText,
  note: note.default(''),
  zone: zoneText,
});
export type CreateViewBody = z.output<typeof createViewBody>;

export const updateViewBody = z.strictObject({
  id: readOnlyField,
  name: name.optional(),
  query: searchText.optional(),
  note: note.optional(),
  zone: zoneText,
  createdBy: ignoredField,
  mayChange: ignoredField,
  createdAt: ignoredField,
  updatedAt: ignoredField,
});
export type UpdateViewBody = z.output<typeof updateViewBody>;

export const viewParams = z.strictObject({ id: uuidText.describe('The id of the view.') });

export const viewResponse = z.object({
  id: z.uuid().describe('The id of the view.'),
  name: z.string().describe('What it is called.'),
  query: z.string().describe('The search.'),
  note: z.string().describe('What it is for.'),
  createdBy: z.string().describe('Who made it.'),
  mayChange: z.boolean().describe('Whether you may change and delete it.'),
  createdAt: z.date().describe('When it was made. ISO 8601.'),
  updatedAt: z.date().describe('When it was changed last. ISO 8601.'),
});

export const viewsResponse = z.object({
  data: z
    .array(viewResponse)
    .describe('The views of the team that you may see, by name; 200 at most.'),
});
