import { useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import type { RoleGrants } from '@rolecall/server/grants';
import type { RoleTemplate } from '../../api/records';
import { PopoverDialog } from '../../shared/PopoverDialog';
import { RoleChip } from '../../shared/RoleChip';
import { useErrorText } from '../../shared/useErrorText';
import { useTemplates } from '../../shared/useTemplates';
import type { RoomStage } from './useStage';

export interface LimitsPopoverProps {
  roomStage: RoomStage;
  anchor: HTMLElement;
  onClose: () => void;
}

const MOST = 10_000;

/** How many people may have each role that publishes; empty is any number. */
export function LimitsPopover({ roomStage, anchor, onClose }: LimitsPopoverProps) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const { published } = useTemplates();
  const [error, setError] = useState<unknown>(null);
  const publishing = published.filter(({ grants }) => (grants as RoleGrants).canPublish);
  const title = translate('room_stage.limits_title');

  const save = async (form: FormData) => {
    try {
      for (const { key } of publishing) {
        const wanted = slotsOf(form.get(key));
        if (wanted !== current(roomStage, key)) await roomStage.setLimit(key, wanted);
      }
      onClose();
    } catch (failure) {
      setError(failure);
    }
  };

  return (
    <PopoverDialog
      title={title}
      anchor={anchor}
      sx={{ p: 2, width: 'min(340px, 100%)' }}
      onClose={onClose}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save(new FormData(event.currentTarget));
        }}
      >
        <Typography variant="h2" sx={{ fontSize: '.875rem' }}>
          {title}
        </Typography>
        <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
          {translate('room_stage.limits_help')}
        </Typography>
        {publishing.map((template, index) => (
          <LimitField
            key={template.key}
            template={template}
            slots={current(roomStage, template.key)}
            isFirst={index === 0}
          />
        ))}
        {error !== null && (
          <Typography variant="body2" color="error" role="alert">
            {errorText(error)}
          </Typography>
        )}
        <Box sx={{ display: 'flex', justifyContent: 'flex-end', gap: 1, mt: 1 }}>
          <Button onClick={onClose}>{translate('ra.action.cancel')}</Button>
          <Button type="submit" variant="contained">
            {translate('room_stage.limits_save')}
          </Button>
        </Box>
      </form>
    </PopoverDialog>
  );
}

interface LimitFieldProps {
  template: RoleTemplate;
  slots: number | null;
  isFirst: boolean;
}

function LimitField({ template, slots, isFirst }: LimitFieldProps) {
  const translate = useTranslate();
  return (
    <Box sx={{ display: 'flex', alignItems: 'center', gap: 1, py: 0.25 }}>
      <RoleChip
        template={template.key}
        name={template.name}
        color={template.color}
        sx={{ flex: 1 }}
      />
      <TextField
        name={template.key}
        type="number"
        margin="none"
        autoFocus={isFirst}
        defaultValue={slots ?? ''}
        placeholder={translate('room_stage.any_number')}
        sx={{ width: 110 }}
        slotProps={{
          htmlInput: {
            min: 0,
            max: MOST,
            'aria-label': translate('room_stage.limit_of', { role: template.name }),
          },
        }}
      />
    </Box>
  );
}

const slotsOf = (value: unknown) => (value === '' || value === null ? null : Number(value));

const current = (roomStage: RoomStage, template: string) =>
  roomStage.stage?.limits.find((limit) => limit.template === template)?.slots ?? null;
