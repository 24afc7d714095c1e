import { useState } from 'react';
import { useLocale, useNotify, useTranslate } from 'react-admin';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import type { Reviews } from '@rolecall/server/api';
import { getJson, postJson } from '../api/httpClient';
import { serverNow } from '../api/serverClock';
import { usePermissionSet } from '../session/usePermissionSet';
import { ConfirmDialog } from '../shared/ConfirmDialog';
import { logPath } from '../shared/historyPaths';
import { TextLink } from '../shared/TextLink';
import { absoluteTime } from '../shared/time';
import { findingsOf } from './findings';
import './messages.en';

const KEY = ['ledger-reviews'];
const ROUTE = '/ledger-reviews';
const EVERY_MS = 30_000;

/** How much of the log nobody has reviewed, and signing it off. */
export function ReviewBar() {
  const translate = useTranslate();
  const locale = useLocale();
  const can = usePermissionSet();
  const [isOpen, setIsOpen] = useState(false);
  const { data } = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => getJson<Reviews>(ROUTE, { signal }),
    refetchInterval: EVERY_MS,
  });
  if (!data) return null;
  const [gap] = data.unreviewed;
  const last = data.data[0];
  return (
    <Box
      component="section"
      aria-label={translate('ledger.review.region')}
      sx={{ display: 'flex', alignItems: 'center', columnGap: 1, flexWrap: 'wrap' }}
    >
      <Typography variant="body2">{summaryOf(data, translate, locale)}</Typography>
      {last && (
        <Typography variant="body2" color="text.secondary">
          <TextLink to={logPath('kind:ledger.reviewed')}>
            {translate('ledger.review.last', { by: last.by })}
          </TextLink>
        </Typography>
      )}
      {gap && can('ledger.review') && (
        <Button size="small" onClick={() => setIsOpen(true)}>
          {translate('ledger.review.sign_off')}
        </Button>
      )}
      {isOpen && gap && <SignOff gap={gap} onClose={() => setIsOpen(false)} />}
    </Box>
  );
}

type Translate = ReturnType<typeof useTranslate>;
type Gap = Reviews['unreviewed'][number];

function summaryOf({ unreviewed }: Reviews, translate: Translate, locale: string): string {
  const [gap] = unreviewed;
  if (!gap) return translate('ledger.review.none');
  const name = `${gap.from === null ? 'open_first' : 'open'}${gap.isMore ? '_many' : ''}`;
  const text = translate(`ledger.review.${name}`, {
    smart_count: gap.entries,
    since: gap.from === null ? '' : absoluteTime(new Date(gap.from), locale),
  });
  return unreviewed.length > 1 ? `${text}, ${translate('ledger.review.gap')}` : text;
}

function SignOff({ gap, onClose }: { gap: Gap; onClose: () => void }) {
  const translate = useTranslate();
  const locale = useLocale();
  const notify = useNotify();
  const queries = useQueryClient();
  // What comes while the dialog is open was not reviewed.
  const [until] = useState(() => gap.until ?? new Date(serverNow()).toISOString());
  const [note, setNote] = useState('');
  const [findings, setFindings] = useState('');
  const sign = async () => {
    await postJson(ROUTE, {
      ...(gap.from === null ? {} : { from: gap.from }),
      until,
      ...(note.trim() === '' ? {} : { note: note.trim() }),
      findings: findingsOf(findings),
    });
    notify('ledger.review.done', { type: 'success' });
    await queries.invalidateQueries({ queryKey: KEY });
  };
  return (
    <ConfirmDialog
      isOpen
      title={translate('ledger.review.title')}
      confirmLabel={translate('ledger.review.confirm')}
      hasField
      onConfirm={sign}
      onClose={onClose}
    >
      <Typography sx={{ mb: 2 }}>
        {translate('ledger.review.text', {
          from:
            gap.from === null
              ? translate('ledger.review.beginning')
              : absoluteTime(new Date(gap.from), locale),
          until: absoluteTime(new Date(until), locale),
        })}
      </Typography>
      <TextField
        autoFocus
        fullWidth
        label={translate('ledger.review.note')}
        value={note}
        onChange={({ target }) => setNote(target.value)}
        slotProps={{ htmlInput: { maxLength: 2_000 } }}
      />
      <TextField
        fullWidth
        multiline
        minRows={3}
        sx={{ mt: 2 }}
        label={translate('ledger.review.findings')}
        helperText={translate('ledger.review.findings_help')}
        value={findings}
        onChange={({ target }) => setFindings(target.value)}
      />
    </ConfirmDialog>
  );
}
