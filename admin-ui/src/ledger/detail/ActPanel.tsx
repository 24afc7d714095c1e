import { type ReactNode, useEffect, useId, useRef } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Drawer from '@mui/material/Drawer';
import IconButton from '@mui/material/IconButton';
import Paper from '@mui/material/Paper';
import Skeleton from '@mui/material/Skeleton';
import Tooltip from '@mui/material/Tooltip';
import Typography from '@mui/material/Typography';
import Close from '@mui/icons-material/Close';
import KeyboardArrowDown from '@mui/icons-material/KeyboardArrowDown';
import KeyboardArrowUp from '@mui/icons-material/KeyboardArrowUp';
import type { Act } from '@rolecall/server/api';
import { CopyButton } from '../../shared/CopyButton';
import { ErrorState } from '../../shared/ErrorState';
import { ActDetail, type ActDetailProps } from './ActDetail';
import { ProofBar } from './ProofBar';
import { useAct } from './useAct';

export interface ActPanelProps extends Omit<ActDetailProps, 'act'> {
  id: string;
  /** The act as the list has it. */
  known: Act | undefined;
  link: string;
  /** Beside the list where there is room for both, else over it. */
  isBeside: boolean;
  onClose: () => void;
  onCopyLink: () => void;
  onNewer?: () => void;
  onOlder?: () => void;
}

/** One act beside the list, with the way to the next. */
export function ActPanel(props: ActPanelProps) {
  const { id, known, isBeside, onClose, onCopyLink, onNewer, onOlder } = props;
  const titleId = useId();
  const heading = useRef<HTMLHeadingElement>(null);
  const isOpen = id !== '';
  const { data: read, error, refetch } = useAct(id, known);
  const act = known ?? read;

  useEffect(() => {
    if (!isOpen) return undefined;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const isInList = (event.target as HTMLElement | null)?.closest?.('[data-index]') !== null;
      if (event.key === 'Escape' && !event.defaultPrevented) onClose();
      else if (isInList) return;
      else if (event.key === 'j' || event.key === 'J') onOlder?.();
      else if (event.key === 'k' || event.key === 'K') onNewer?.();
      else if (event.key === 'y' || event.key === 'Y') onCopyLink();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [isOpen, onClose, onCopyLink, onNewer, onOlder]);
  // A reader with a screen reader hears which act it is; with the keys one is still in the list.
  useEffect(() => {
    if (isOpen && isBeside) heading.current?.focus({ preventScroll: true });
  }, [isOpen, isBeside]);

  const content = (
    <>
      <Head {...props} titleId={titleId} heading={heading} />
      {act ? (
        <>
          <ActDetail {...props} act={act} />
          <ProofBar key={act.id} entry={act.entry} />
        </>
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Box sx={{ p: 2 }} aria-hidden>
          <Skeleton height={48} animation={false} />
          <Skeleton height={160} animation={false} />
        </Box>
      )}
    </>
  );
  if (!isBeside) {
    return (
      <Drawer
        anchor="right"
        open={isOpen}
        onClose={onClose}
        slotProps={{
          paper: {
            'aria-labelledby': titleId,
            sx: { width: { xs: '100%', sm: 480 }, maxWidth: '100%' },
          },
          transition: { onEntered: () => heading.current?.focus() },
        }}
      >
        {content}
      </Drawer>
    );
  }
  if (!isOpen) return null;
  return (
    <Paper
      variant="outlined"
      component="aside"
      aria-labelledby={titleId}
      sx={{
        gridArea: 'panel',
        minWidth: 0,
        minHeight: 0,
        overflowY: 'auto',
        display: 'flex',
        flexDirection: 'column',
      }}
    >
      {content}
    </Paper>
  );
}

interface HeadProps extends ActPanelProps {
  titleId: string;
  heading: React.RefObject<HTMLHeadingElement | null>;
}

function Head({ titleId, heading, link, onClose, onNewer, onOlder }: HeadProps) {
  const translate = useTranslate();
  return (
    <Box
      sx={{
        display: 'flex',
        alignItems: 'center',
        gap: 0.5,
        pl: 2,
        pr: 1,
        py: 0.75,
        borderBottom: 1,
        borderColor: 'divider',
        position: 'sticky',
        top: 0,
        bgcolor: 'background.paper',
        zIndex: 1,
      }}
    >
      <Typography
        variant="h2"
        id={titleId}
        ref={heading}
        tabIndex={-1}
        sx={{ flex: 1, '&:focus': { outline: 'none' } }}
      >
        {translate('ledger.drawer.act')}
      </Typography>
      <CopyButton text={link} label={translate('ledger.drawer.permalink')} />
      <Step label={translate('ledger.drawer.previous')} onClick={onNewer}>
        <KeyboardArrowUp sx={{ fontSize: 20 }} />
      </Step>
      <Step label={translate('ledger.drawer.next')} onClick={onOlder}>
        <KeyboardArrowDown sx={{ fontSize: 20 }} />
      </Step>
      <IconButton aria-label={translate('ledger.drawer.close')} onClick={onClose}>
        <Close sx={{ fontSize: 18 }} />
      </IconButton>
    </Box>
  );
}

interface StepProps {
  label: string;
  onClick?: () => void;
  children: ReactNode;
}

const Step = ({ label, onClick, children }: StepProps) => (
  <Tooltip title={label}>
    <span>
      <IconButton aria-label={label} disabled={!onClick} onClick={onClick}>
        {children}
      </IconButton>
    </span>
  </Tooltip>
);

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  target.matches('input, textarea, select, [contenteditable=true]');
