import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import type { TemplatePreview } from '@rolecall/server/api';
import { JsonBlock } from '../shared/JsonBlock';
import { Panel } from '../shared/Panel';
import { StatusBadge, type Tone } from '../shared/StatusBadge';
import { useErrorText } from '../shared/useErrorText';
import type { Preview } from './usePreview';

const TONES: Record<TemplatePreview['lint'][number]['severity'], Tone> = {
  error: 'bad',
  warning: 'pending',
  info: 'info',
};

export interface PreviewPaneProps {
  preview: Preview;
  room: string;
  identity: string;
  onRoom: (room: string) => void;
  onIdentity: (identity: string) => void;
}

export function PreviewPane({ preview, room, identity, onRoom, onIdentity }: PreviewPaneProps) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const { answer, error, isFresh } = preview;
  return (
    <Panel
      title={translate('role_templates.preview.title')}
      text={translate('role_templates.preview.unsigned')}
    >
      <Box sx={{ display: 'flex', gap: 1 }}>
        <TextField
          label={translate('role_templates.preview.identity')}
          value={identity}
          onChange={(event) => onIdentity(event.target.value)}
        />
        <TextField
          label={translate('role_templates.preview.room')}
          value={room}
          onChange={(event) => onRoom(event.target.value)}
        />
      </Box>
      {Boolean(error) && (
        <Alert
          severity="warning"
          sx={{ my: 1 }}
          action={
            <Button color="inherit" onClick={preview.retry}>
              {translate('app.action.retry')}
            </Button>
          }
        >
          {translate('role_templates.preview.failed', { reason: errorText(error) })}
        </Alert>
      )}
      {answer && (
        // Without its colours while it is not of what the editor holds: dimming would cost contrast.
        <Box sx={{ filter: isFresh || !error ? undefined : 'grayscale(1)', mt: 1 }}>
          <Heading text={translate('role_templates.preview.checks')} />
          <Findings lint={answer.lint} />
          <Heading text={translate('role_templates.preview.words')} />
          <Box component="ul" sx={{ m: 0, pl: 2.25, fontSize: '.8125rem' }}>
            {answer.inWords.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </Box>
          <Heading text={translate('role_templates.preview.claims')} />
          <JsonBlock value={answer.claims} label={translate('role_templates.preview.copy')} />
        </Box>
      )}
    </Panel>
  );
}

const Heading = ({ text }: { text: string }) => (
  <Typography variant="h3" sx={{ mt: 2, mb: 0.5 }}>
    {text}
  </Typography>
);

export function Findings({ lint }: { lint: TemplatePreview['lint'] }) {
  const translate = useTranslate();
  if (lint.length === 0) {
    return <StatusBadge tone="good">{translate('role_templates.preview.no_findings')}</StatusBadge>;
  }
  return (
    <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 1 }}>
      {lint.map((finding) => (
        <Box component="li" key={`${finding.code} ${finding.grant ?? ''}`}>
          <StatusBadge tone={TONES[finding.severity]}>
            {translate(`role_templates.preview.severity.${finding.severity}`)}
          </StatusBadge>
          <Typography variant="body2">{finding.text}</Typography>
        </Box>
      ))}
    </Box>
  );
}
