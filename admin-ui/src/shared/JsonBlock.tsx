import Box from '@mui/material/Box';
import { FONT_MONO } from '../theme/theme';
import { CopyButton } from './CopyButton';

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON as it is, with names and values told apart. Nothing in it is ever interpreted. */
export function JsonBlock({ value, label }: { value: unknown; label: string }) {
  const text = JSON.stringify(value, null, 2) ?? '';
  return (
    <Box sx={{ position: 'relative' }}>
      <Box sx={{ position: 'absolute', top: 4, right: 4 }}>
        <CopyButton text={text} label={label} />
      </Box>
      <Box
        component="pre"
        tabIndex={0}
        role="group"
        aria-label={label}
        sx={{
          m: 0,
          p: 1.5,
          pr: 5,
          maxHeight: 420,
          overflow: 'auto',
          borderRadius: 1,
          border: 1,
          borderColor: 'divider',
          bgcolor: 'background.default',
          fontFamily: FONT_MONO,
          fontSize: '.75rem',
          lineHeight: 1.55,
          whiteSpace: 'pre-wrap',
          overflowWrap: 'anywhere',
          '& b': { fontWeight: 500, color: 'primary.main' },
          '& i': { fontStyle: 'normal', color: 'success.main' },
          '& em': { fontStyle: 'normal', color: 'warning.main' },
        }}
      >
        {coloured(text)}
      </Box>
    </Box>
  );
}

function coloured(text: string) {
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    parts.push(text.slice(at, match.index));
    at = match.index + match[0].length;
    const [whole, quoted, colon] = match;
    if (quoted && colon) parts.push(<b key={at}>{quoted}</b>, colon);
    else if (quoted) parts.push(<i key={at}>{quoted}</i>);
    else parts.push(<em key={at}>{whole}</em>);
  }
  parts.push(text.slice(at));
  return parts;
}
