import Box from '@mui/material/Box';
import type { Notice } from './useNotices';

/** Over the end of the list, so that no row moves away under the pointer. */
export function NoticeLine({ notice }: { notice: Notice | null }) {
  if (!notice) return null;
  return (
    <Box
      // Screen readers hear it from the live region.
      aria-hidden
      sx={{
        position: 'absolute',
        insetInlineStart: 8,
        bottom: 8,
        zIndex: 2,
        maxWidth: 'calc(100% - 16px)',
        px: 1.5,
        py: 0.75,
        border: 1,
        borderRadius: 1,
        borderColor: notice.isBad ? 'error.main' : 'primary.main',
        bgcolor: 'background.default',
        color: notice.isBad ? 'error.main' : 'text.primary',
        fontSize: '.8125rem',
        pointerEvents: 'none',
      }}
    >
      {notice.text}
    </Box>
  );
}
