import { useState } from 'react';
import { useNotify, useTranslate } from 'react-admin';
import { useQueryClient } from '@tanstack/react-query';
import MenuItem from '@mui/material/MenuItem';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import type { RetentionRule } from '@rolecall/server/api';
import { KIND_GROUPS } from '@rolecall/server/ledger-query';
import { ProblemError } from '../api/httpClient';
import { ConfirmDialog } from '../shared/ConfirmDialog';
import { PresetChips } from '../shared/PresetChips';
import { RoomField } from './pickers';
import { Preview } from './Preview';
import {
  addRule,
  changeRule,
  type PreviewAsked,
  removeRule,
  refreshRetention,
  type RuleRequest,
} from './retentionApi';
import { useRuleWords } from './useRuleWords';

const EVERYTHING = '';
/** A rule for kinds by name, which a program has made. */
const THESE = '-';
const PRESETS = { month: 30, quarter: 90, half_year: 180, year: 365, ten_years: 3_650 };
const [SHORTEST, LONGEST] = [7, 36_500];

export interface RuleDialogProps {
  /** Null: a new one. */
  rule: RetentionRule | null;
  onClose: () => void;
}

/** Adds or changes a rule, and shows what would go by it first. */
export function RuleDialog({ rule, onClose }: RuleDialogProps) {
  const translate = useTranslate();
  const notify = useNotify();
  const queryClient = useQueryClient();
  const words = useRuleWords();
  const text = (name: string, more = {}) => translate(`retention.rule.${name}`, more);
  const [what, setWhat] = useState(whatOf(rule));
  const [isSome, setIsSome] = useState(rule !== null && rule.rooms !== null);
  const [rooms, setRooms] = useState(rule?.rooms ?? '');
  const [days, setDays] = useState(rule ? String(rule.keepDays) : '');
  const [wrong, setWrong] = useState<Record<string, string>>({});

  const keepDays = Number(days);
  const hasDays = /^\d+$/.test(days) && keepDays >= SHORTEST && keepDays <= LONGEST;
  const hasRooms = !isSome || rooms.trim() !== '';
  const request: RuleRequest = {
    ...(what === THESE ? { kinds: rule?.kinds ?? [] } : what !== EVERYTHING && { group: what }),
    ...(isSome && { rooms: rooms.trim() }),
    keepDays,
  };
  const isReady = hasDays && hasRooms;
  const asked: PreviewAsked | null = isReady
    ? { rule: request, ...(rule && { instead: rule.id }) }
    : null;

  const save = async (reason: string) => {
    if (!isReady) {
      setWrong({
        ...(!hasDays && { keepDays: text('days_wrong') }),
        ...(!hasRooms && { rooms: text('pattern_wrong') }),
      });
      throw new Error(text(hasDays ? 'pattern_wrong' : 'days_wrong'));
    }
    const body = { ...request, ...(reason !== '' && { reason }) };
    try {
      await (rule ? changeRule(rule.id, body) : addRule(body));
    } catch (error) {
      setWrong((error instanceof ProblemError && error.body.errors) || {});
      throw error;
    }
    await refreshRetention(queryClient);
    notify(`retention.rule.${rule ? 'changed' : 'added'}`, { type: 'success' });
  };

  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={text(rule ? 'change_title' : 'add_title')}
      confirmLabel={text(rule ? 'change' : 'add')}
      asksReason
      reason={rule?.reason ?? ''}
      hasField
      onConfirm={save}
    >
      <TextField
        select
        label={text('what')}
        value={what}
        onChange={({ target }) => setWhat(target.value)}
        autoFocus
        slotProps={{ select: { displayEmpty: true }, inputLabel: { shrink: true } }}
      >
        <MenuItem value={EVERYTHING}>{translate('retention.rules.everything')}</MenuItem>
        {rule !== null && rule.group === null && rule.kinds !== null && (
          <MenuItem value={THESE}>
            {text('these_kinds', { kinds: words.kinds(rule.kinds) })}
          </MenuItem>
        )}
        {Object.keys(KIND_GROUPS).map((group) => (
          <MenuItem key={group} value={group}>
            {words.group(group)}
          </MenuItem>
        ))}
      </TextField>
      <TextField
        select
        label={text('where')}
        value={isSome ? 'some' : 'all'}
        onChange={({ target }) => setIsSome(target.value === 'some')}
      >
        <MenuItem value="all">{text('all')}</MenuItem>
        <MenuItem value="some">{text('rooms')}</MenuItem>
      </TextField>
      {isSome && (
        <RoomField
          label={text('pattern')}
          helperText={wrong.rooms ?? text('pattern_help')}
          isWrong={wrong.rooms !== undefined}
          value={rooms}
          onChange={setRooms}
        />
      )}
      <TextField
        label={text('days')}
        value={days}
        onChange={({ target }) => setDays(target.value.trim())}
        required
        error={wrong.keepDays !== undefined}
        helperText={wrong.keepDays ?? text('days_help')}
        slotProps={{ htmlInput: { inputMode: 'numeric', maxLength: 5 } }}
      />
      <PresetChips
        label={text('presets')}
        presets={Object.keys(PRESETS).map((name) => text(name))}
        value={
          Object.entries(PRESETS)
            .filter(([, preset]) => preset === keepDays)
            .map(([name]) => text(name))[0] ?? ''
        }
        onChange={(chosen) => {
          const found = Object.entries(PRESETS).find(([name]) => text(name) === chosen);
          setDays(found ? String(found[1]) : '');
        }}
      />
      <Preview asked={asked} />
      <Typography variant="body2" color="text.secondary" sx={{ mt: 1.5 }}>
        {text('notice')}
      </Typography>
    </ConfirmDialog>
  );
}

function whatOf(rule: RetentionRule | null): string {
  if (rule === null) return EVERYTHING;
  return rule.group ?? (rule.kinds === null ? EVERYTHING : THESE);
}

export function RemoveRuleDialog({ rule, onClose }: { rule: RetentionRule; onClose: () => void }) {
  const translate = useTranslate();
  const notify = useNotify();
  const queryClient = useQueryClient();
  const words = useRuleWords();
  const [asked] = useState({ instead: rule.id });
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={translate('retention.rule.remove_title', { what: words.about(rule) })}
      confirmLabel={translate('retention.rule.remove')}
      isDestructive
      onConfirm={async () => {
        await removeRule(rule.id);
        await refreshRetention(queryClient);
        notify('retention.rule.removed', { type: 'success' });
      }}
    >
      <Typography variant="body2">{translate('retention.rule.remove_text')}</Typography>
      <Preview asked={asked} />
    </ConfirmDialog>
  );
}
