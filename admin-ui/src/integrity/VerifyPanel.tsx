import { useId, useState } from 'react';
import { useLocale, useTranslate } from 'react-admin';
import { useQueryClient } from '@tanstack/react-query';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Checkbox from '@mui/material/Checkbox';
import FormControlLabel from '@mui/material/FormControlLabel';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { useHotkeys } from 'react-hotkeys-hook';
import { postJson } from '../api/httpClient';
import type { VerificationClaim } from '../api/records';
import { useMe } from '../session/session';
import { useAnnounce } from '../shared/announce';
import { Panel } from '../shared/Panel';
import { useNow } from '../shared/TimeText';
import { relativeTime } from '../shared/time';
import { keepRun, readKeptRun } from './keptRun';
import { useCounts } from './useCounts';
import { INTEGRITY_KEY } from './useIntegrity';
import { useVerification } from './useVerification';
import type { VerifyRequest, VerifyResult } from './verification';
import { VerifyProgress } from './VerifyProgress';
import { VerifyOutcome, type Recording } from './VerifyOutcome';

export function VerifyPanel() {
  const translate = useTranslate();
  const locale = useLocale();
  const me = useMe();
  const now = useNow();
  const announce = useAnnounce();
  const queryClient = useQueryClient();
  const { entries } = useCounts();
  const keyId = useId();
  const [kept, setKept] = useState(readKeptRun);
  const [pin, setPin] = useState(kept?.pin ?? '');
  const [isOnlyNew, setIsOnlyNew] = useState(false);
  const [recording, setRecording] = useState<Recording>({ state: 'recording' });
  const text = (name: string, more = {}) => translate(`integrity.verify.${name}`, more);

  const finish = (result: VerifyResult, { pin: given }: VerifyRequest) => {
    announce(text(result.isProved ? 'said_proved' : 'said_wrong'), 'assertive');
    if (result.isProved) {
      const { note, size } = result;
      const run = { note, size, at: new Date().toISOString(), pin: given ?? '' };
      keepRun(run);
      setKept(run);
    }
    setRecording({ state: 'recording' });
    postJson('/ledger/verifications', claimOf(result)).then(
      () => {
        setRecording({ state: 'recorded' });
        return queryClient.invalidateQueries({ queryKey: INTEGRITY_KEY });
      },
      (error: unknown) => setRecording({ state: 'failed', error }),
    );
  };
  const { verification, start, cancel } = useVerification(finish);
  const isRunning = verification.state === 'running';
  const run = () => {
    const key = pin.trim();
    start({
      pin: key === '' ? null : key,
      kept: kept?.note ?? null,
      isOnlyNew: isOnlyNew && kept !== null,
    });
  };
  useHotkeys('v', run, { useKey: true, preventDefault: true, enabled: !isRunning });

  return (
    <Panel title={text('title')} text={text('text')}>
      <Box
        component="form"
        noValidate
        sx={{ display: 'grid', gap: 1.5, justifyItems: 'start' }}
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        {me?.rooms != null && <Alert severity="info">{text('hashes_only')}</Alert>}
        <TextField
          id={keyId}
          fullWidth
          label={text('key')}
          helperText={text('key_help')}
          value={pin}
          disabled={isRunning}
          autoComplete="off"
          spellCheck={false}
          onChange={({ target }) => setPin(target.value)}
        />
        {kept && (
          <Box>
            <Typography variant="body2">
              {text('kept', {
                time: relativeTime(new Date(kept.at), now, locale),
                entries: entries(kept.size),
              })}
            </Typography>
            <Box sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', columnGap: 2 }}>
              <FormControlLabel
                control={
                  <Checkbox
                    checked={isOnlyNew}
                    disabled={isRunning}
                    onChange={(_, isOn) => setIsOnlyNew(isOn)}
                  />
                }
                label={text('only_new')}
              />
              <Button
                disabled={isRunning}
                onClick={() => {
                  keepRun(null);
                  setKept(null);
                }}
              >
                {text('forget')}
              </Button>
            </Box>
          </Box>
        )}
        {verification.state === 'running' ? (
          <VerifyProgress progress={verification.progress} onCancel={cancel} />
        ) : (
          <Button
            type="submit"
            variant="contained"
            aria-keyshortcuts="V"
            title={text('key_to_start')}
          >
            {text(verification.state === 'idle' ? 'start' : 'again')}
          </Button>
        )}
      </Box>
      {verification.state === 'done' && (
        <VerifyOutcome result={verification.result} recording={recording} />
      )}
      {verification.state === 'failed' && (
        <Alert severity="error" sx={{ mt: 2 }}>
          <Typography sx={{ fontWeight: 600 }}>{text('failed')}</Typography>
          <Typography>{text(`failure.${verification.failure}`)}</Typography>
          {verification.detail && (
            <Typography variant="caption" component="p" sx={{ overflowWrap: 'anywhere' }}>
              {verification.detail}
            </Typography>
          )}
        </Alert>
      )}
    </Panel>
  );
}

const MAX_TEXT = 400;
const MAX_PROBLEMS = 10;
const cut = (text: string) => text.slice(0, MAX_TEXT);

function claimOf(result: VerifyResult): VerificationClaim {
  const { isProved, what, isPinned, size, checked, since, ms, wrong, problems } = result;
  return {
    isProved,
    what,
    isPinned,
    size,
    checked,
    since,
    ms,
    wrong: wrong && { leaf: wrong.leaf, entry: wrong.entry, problem: cut(wrong.problem) },
    problems: problems.slice(0, MAX_PROBLEMS).map(cut),
  };
}
