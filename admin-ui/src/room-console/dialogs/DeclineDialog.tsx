import { useState } from 'react';
import { useTranslate } from 'react-admin';
import TextField from '@mui/material/TextField';
import { ConfirmDialog } from '../../shared/ConfirmDialog';
import { PresetChips } from '../../shared/PresetChips';
import { IdentityLine } from './IdentityLine';

const WORDS = ['later', 'time', 'topic'] as const;

export interface DeclineDialogProps {
  name: string;
  identity: string;
  onDecline: (word: string) => void;
  onClose: () => void;
}

/** Lowers somebody's hand, with a word to them. */
export function DeclineDialog({ name, identity, onDecline, onClose }: DeclineDialogProps) {
  const translate = useTranslate();
  const [word, setWord] = useState('');
  return (
    <ConfirmDialog
      isOpen
      hasField
      title={translate('room_stage.decline_title', { name })}
      confirmLabel={translate('room_stage.decline')}
      onConfirm={() => onDecline(word.trim())}
      onClose={onClose}
    >
      <IdentityLine name={name} identity={identity} />
      <TextField
        label={translate('room_stage.word')}
        helperText={translate('room_stage.word_help', { name })}
        autoFocus
        value={word}
        onChange={(event) => setWord(event.target.value)}
        slotProps={{ htmlInput: { maxLength: 200 } }}
      />
      <PresetChips
        label={translate('room_stage.words_label')}
        presets={WORDS.map((each) => translate(`room_stage.words.${each}`))}
        value={word}
        onChange={setWord}
      />
    </ConfirmDialog>
  );
}
