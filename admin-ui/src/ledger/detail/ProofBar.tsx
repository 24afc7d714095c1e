import { useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import VerifiedUser from '@mui/icons-material/VerifiedUserOutlined';
import { useHotkeys } from 'react-hotkeys-hook';
import { Link } from 'react-router-dom';
import type { EntryProof } from '../../integrity/verifyEntry';
import type { LedgerEntry } from '../../api/records';
import { useAnnounce } from '../../shared/announce';

type State = { is: 'idle' | 'running' | 'failed' } | { is: 'done'; proof: EntryProof };

/** Proves in this browser that the log holds the entry, and has not changed it since. */
export function ProofBar({ entry }: { entry: LedgerEntry }) {
  const translate = useTranslate();
  const announce = useAnnounce();
  const [state, setState] = useState<State>({ is: 'idle' });
  const verify = async () => {
    setState({ is: 'running' });
    try {
      const { verifyEntry } = await import('../../integrity/verifyEntry');
      const proof = await verifyEntry(entry);
      setState({ is: 'done', proof });
      announce(translate(`ledger.proof.${textOf(proof)}`, { ...proof }));
    } catch {
      setState({ is: 'failed' });
      announce(translate('ledger.proof.failed'));
    }
  };
  useHotkeys('v', () => void verify(), {
    useKey: true,
    preventDefault: true,
    enabled: state.is !== 'running',
  });
  const isGood = state.is === 'done' && state.proof.isProved;
  const isBad =
    state.is === 'done' && !state.proof.isProved && state.proof.problem !== 'not_sealed';
  return (
    <Box
      sx={{
        position: 'sticky',
        bottom: 0,
        display: 'flex',
        alignItems: 'center',
        gap: 1.5,
        px: 2,
        py: 1,
        borderTop: 1,
        borderColor: 'divider',
        bgcolor: 'background.paper',
      }}
    >
      <VerifiedUser
        aria-hidden
        sx={{
          fontSize: 20,
          color: isBad ? 'error.main' : isGood ? 'success.main' : 'text.secondary',
        }}
      />
      <Box sx={{ flex: 1, minWidth: 0 }}>
        <Typography variant="body2" sx={{ fontWeight: 600 }}>
          {state.is === 'done'
            ? translate(`ledger.proof.${textOf(state.proof)}`, { ...state.proof })
            : translate(`ledger.proof.${state.is}`)}
        </Typography>
        <Typography variant="caption" color="text.secondary" component={Link} to="/integrity">
          {translate('ledger.proof.more')}
        </Typography>
      </Box>
      <Button
        variant="outlined"
        aria-keyshortcuts="V"
        title={translate('ledger.proof.key')}
        disabled={state.is === 'running'}
        onClick={() => void verify()}
      >
        {translate('ledger.proof.verify')}
      </Button>
    </Box>
  );
}

function textOf(proof: EntryProof): string {
  if (!proof.isProved) return proof.problem;
  return proof.isTextChecked ? 'proved' : 'proved_hash';
}
