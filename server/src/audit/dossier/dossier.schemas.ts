import { z } from 'zod';
import { identityText, nameText } from '../../common/http/fields.js';

export const dossierParams = z.strictObject({
  room: nameText.describe('The name of the room.'),
  session: z.string().min(5).max(60).describe('The id of the session.'),
});
export type DossierParams = z.infer<typeof dossierParams>;

export const dossierQuery = z
  .strictObject({
    for: identityText
      .optional()
      .describe(
        'The identity of a participant: everybody else is left out of the file. Needs `ledger.export_people` for the room.',
      ),
    people: z
      .enum(['true', 'false'])
      .optional()
      .transform((text) => (text === undefined ? undefined : text === 'true'))
      .describe(
        'Whether people are named; needs `ledger.export_people` for the room. Left out: as far as you may. False: everybody is a number.',
      ),
  })
  .refine(({ for: whom, people }) => whom === undefined || people === undefined, {
    path: ['people'],
    error: 'cannot be given with `for`, which names one participant',
  });
export type DossierQuery = z.output<typeof dossierQuery>;
