import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Groups from '@mui/icons-material/GroupsOutlined';
import { Link } from 'react-router-dom';
import { joinPath } from '../../join/joinTicket';
import { CopyButton } from '../../shared/CopyButton';
import { EmptyState } from '../../shared/EmptyState';

/** Nobody is here, and how that changes. */
export function EmptyRoom({ room, canIssue }: { room: string; canIssue: boolean }) {
  const translate = useTranslate();
  return (
    <EmptyState
      icon={<Groups />}
      title={translate('room_console.empty.title')}
      text={translate('room_console.empty.text')}
      action={
        <Box sx={{ display: 'flex', gap: 1, justifyContent: 'center', flexWrap: 'wrap' }}>
          {canIssue && (
            <Button
              variant="contained"
              component={Link}
              to={`/tokens/new?${new URLSearchParams({ room })}`}
            >
              {translate('room_console.actions.issue')}
            </Button>
          )}
          <CopyButton
            variant="outlined"
            text={`${window.location.origin}${joinPath(room)}`}
            label={translate('room_console.empty.copy_link')}
          />
        </Box>
      }
    />
  );
}
