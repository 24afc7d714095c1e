import { type FormEvent, useId, useState } from 'react';
import { useTranslate } from 'react-admin';
import { useQuery } from '@tanstack/react-query';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Checkbox from '@mui/material/Checkbox';
import Dialog from '@mui/material/Dialog';
import DialogActions from '@mui/material/DialogActions';
import DialogContent from '@mui/material/DialogContent';
import DialogTitle from '@mui/material/DialogTitle';
import FormControlLabel from '@mui/material/FormControlLabel';
import Skeleton from '@mui/material/Skeleton';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { getJson, path, request } from '../api/httpClient';
import type { RoleTemplate } from '../api/records';
import { problemOf } from '../api/problem';
import type { TemplateImpact, TemplatePreview } from '@rolecall/server/api';
import { useErrorText } from '../shared/useErrorText';
import { Findings } from './PreviewPane';
import { Sentences } from './Sentences';
import { readDiff } from './templateApi';

export interface PublishDialogProps {
  template: RoleTemplate;
  etag: string | undefined;
  lint: TemplatePreview['lint'];
  onPublished: (version: number) => void;
  onClose: () => void;
}

/** The consequences first, then the button. */
export function PublishDialog({ template, etag, lint, onPublished, onClose }: PublishDialogProps) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const titleId = useId();
  const [message, setMessage] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [isAccepted, setIsAccepted] = useState(false);
  const next = (template.published ?? 0) + 1;
  const grave = lint.filter(({ severity }) => severity === 'error');
  const fieldError = problemOf(error)?.errors?.message;

  const publish = async (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    setError(null);
    try {
      const { json } = await request<{ version: number }>(
        path('role-templates', template.key, 'publish'),
        { method: 'POST', body: { message: message.trim() }, headers: { 'If-Match': etag } },
      );
      onPublished(json.version);
    } catch (failure) {
      setError(failure);
      setIsBusy(false);
    }
  };

  return (
    <Dialog open onClose={isBusy ? undefined : onClose} aria-labelledby={titleId} fullWidth>
      <form onSubmit={(event) => void publish(event)}>
        <DialogTitle id={titleId} component="h2" sx={{ fontSize: '1rem' }}>
          {translate('role_templates.publish.title', { name: template.name, version: next })}
        </DialogTitle>
        <DialogContent sx={{ pt: 0, display: 'grid', gap: 2 }}>
          <Changes template={template} />
          <Concerned template={template} />
          {grave.length > 0 && (
            <Alert severity="error">
              <span>{translate('role_templates.publish.grave')}</span>
              <Findings lint={grave} />
              <FormControlLabel
                control={
                  <Checkbox
                    checked={isAccepted}
                    onChange={(event) => setIsAccepted(event.target.checked)}
                  />
                }
                label={translate('role_templates.publish.accept')}
              />
            </Alert>
          )}
          <TextField
            label={translate('role_templates.publish.message')}
            helperText={fieldError ?? translate('role_templates.publish.message_help')}
            error={Boolean(fieldError)}
            value={message}
            required
            autoFocus
            multiline
            onChange={(event) => setMessage(event.target.value)}
            slotProps={{ htmlInput: { maxLength: 1000 } }}
          />
          {error !== null && !fieldError && <Alert severity="error">{errorText(error)}</Alert>}
        </DialogContent>
        <DialogActions>
          <Button onClick={onClose} disabled={isBusy}>
            {translate('ra.action.cancel')}
          </Button>
          <Button
            type="submit"
            variant="contained"
            loading={isBusy}
            disabled={(grave.length > 0 && !isAccepted) || message.trim() === ''}
          >
            {translate('role_templates.publish.confirm', { version: next })}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function Changes({ template }: { template: RoleTemplate }) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const { data, error } = useQuery({
    queryKey: ['role-templates', 'diff', template.key, template.published, template.draft],
    enabled: template.published !== null,
    queryFn: ({ signal }) => readDiff(template.key, String(template.published), 'draft', signal),
  });
  return (
    <section>
      <Typography variant="h3">{translate('role_templates.publish.changes')}</Typography>
      {template.published === null ? (
        <span>{translate('role_templates.publish.first')}</span>
      ) : error ? (
        <span>{errorText(error)}</span>
      ) : !data ? (
        <Skeleton height={40} animation={false} />
      ) : data.sentences.length === 0 ? (
        <span>{translate('role_templates.publish.no_changes')}</span>
      ) : (
        <Sentences sentences={data.sentences} />
      )}
    </section>
  );
}

function Concerned({ template }: { template: RoleTemplate }) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const { data, error } = useQuery({
    queryKey: ['role-templates', 'impact', template.key],
    staleTime: 0,
    queryFn: ({ signal }) =>
      getJson<TemplateImpact>(path('role-templates', template.key, 'impact'), { signal }),
  });
  return (
    <section>
      <Typography variant="h3">{translate('role_templates.publish.impact')}</Typography>
      {error ? (
        <span>{errorText(error)}</span>
      ) : !data ? (
        <Skeleton height={40} animation={false} />
      ) : (
        <>
          <span>
            {translate('role_templates.publish.impact_text', {
              assignments: data.assignments,
              live: data.live,
            })}
          </span>
          {data.rooms.length > 0 && (
            <Box component="ul" sx={{ m: 0, pl: 2.25 }}>
              {data.rooms.map(({ room, live }) => (
                <li key={room}>
                  {translate('role_templates.publish.impact_room', { room, live })}
                </li>
              ))}
            </Box>
          )}
          {data.defaultIn && data.defaultIn.length > 0 && (
            <Typography>
              {translate('role_templates.publish.default_in', {
                rooms: data.defaultIn.join(', '),
              })}
            </Typography>
          )}
        </>
      )}
    </section>
  );
}
