import { z } from 'zod';
import { queryText, zoneText } from '../../ledger/ledger.schemas.js';
import { EXPORT_FORMATS } from '../../ledger/export/log-export.js';

export const exportQuery = z.strictObject({
  query: queryText,
  zone: zoneText,
  format: z
    .enum(EXPORT_FORMATS)
    .default('ndjson')
    .describe('`ndjson`: with proofs; `csv`: for spreadsheets, with formulas escaped.'),
  after: z
    .string()
    .min(5)
    .max(60)
    .optional()
    .describe(
      'The id of the last whole entry of an export that was cut off: the rest of it follows.',
    ),
  people: z
    .enum(['true', 'false'])
    .optional()
    .transform((text) => (text === undefined ? undefined : text === 'true'))
    .describe(
      'Whether it has what entries say of people; needs `ledger.export_people`. Left out: as far as you may.',
    ),
});
export type ExportQuery = z.output<typeof exportQuery>;
