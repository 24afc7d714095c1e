import { z } from 'zod';
import { instant, nameText } from '../../common/http/fields.js';

export const eraseBody = z.strictObject({
  confirm: nameText.describe('The identity once more, so that nobody is erased by mistake.'),
  before: instant.optional().describe('Only entries from before this instant. Left out: all.'),
});
export type EraseBody = z.output<typeof eraseBody>;

export const erasedResponse = z.object({
  entries: z.int().describe('How many entries were changed.'),
  actors: z.int().describe('In how many of them it was erased that they acted.'),
  subjects: z.int().describe('In how many of them what they say of the person.'),
});
