import { z } from 'zod';
import { identityText, nameText } from '../../common/http/fields.js';

export const dossierParams = z.strictObject({
  room: nameText.describe('The name of the room.'),
  session: z.string().min(5).max(60).describe('The id of the session.'),
});
export type DossierParams = z.infer<typeof dossierParams>;

export const dossierQuery = z.strictObject({
  for: identityText
    .optional()
    .describe('The identity of a participant: everybody else is left out of the file.'),
});
export type DossierQuery = z.infer<typeof dossierQuery>;
