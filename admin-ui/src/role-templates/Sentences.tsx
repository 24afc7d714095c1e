import Box from '@mui/material/Box';
import type { TemplateDiff } from '@rolecall/server/api';

const SIGNS = { gain: '+', lose: '−', change: '±' } as const;
const COLORS = { gain: 'success.main', lose: 'error.main', change: 'warning.main' } as const;

/** What changes, in sentences, each with its sign. */
export function Sentences({ sentences }: Pick<TemplateDiff, 'sentences'>) {
  return (
    <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0 }}>
      {sentences.map(({ text, kind, grant }) => (
        <Box component="li" key={`${grant} ${text}`} sx={{ display: 'flex', gap: 1 }}>
          <Box component="span" sx={{ color: COLORS[kind], fontWeight: 700, width: '1ch' }}>
            {SIGNS[kind]}
          </Box>
          <span>{text}</span>
        </Box>
      ))}
    </Box>
  );
}
