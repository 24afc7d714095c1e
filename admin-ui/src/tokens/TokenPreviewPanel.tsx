import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Typography from '@mui/material/Typography';
import type { TokenPreview } from '@rolecall/server/api';
import { BecauseList } from '../shared/BecauseList';
import { JsonBlock } from '../shared/JsonBlock';
import { Panel } from '../shared/Panel';
import { RoleChip } from '../shared/RoleChip';
import { useErrorText } from '../shared/useErrorText';
import { Refusal, refusalOf } from './Refusal';

export interface TokenPreviewPanelProps {
  isAllowed: boolean;
  answer: TokenPreview | null;
  error: unknown;
}

export function TokenPreviewPanel({ isAllowed, answer, error }: TokenPreviewPanelProps) {
  const translate = useTranslate();
  const errorText = useErrorText();
  return (
    <Panel title={translate('tokens.preview.title')}>
      {!isAllowed ? (
        <Quiet text={translate('tokens.preview.forbidden')} />
      ) : error ? (
        refusalOf(error) ? (
          <Refusal title={translate('tokens.preview.refused')} error={error} />
        ) : (
          <Alert severity="warning">
            {translate('tokens.preview.failed', { reason: errorText(error) })}
          </Alert>
        )
      ) : !answer ? (
        <Quiet text={translate('tokens.preview.hint')} />
      ) : (
        <>
          <RoleChip template={answer.template} version={answer.version} />
          <Heading text={translate('tokens.preview.why')} />
          <BecauseList because={answer.because} />
          <Heading text={translate('tokens.preview.claims')} />
          <JsonBlock value={answer.claims} label={translate('tokens.preview.copy_claims')} />
        </>
      )}
    </Panel>
  );
}

const Quiet = ({ text }: { text: string }) => (
  <Typography color="text.secondary">{text}</Typography>
);

export const Heading = ({ text }: { text: string }) => (
  <Typography variant="h3" sx={{ mt: 2, mb: 0.5 }}>
    {text}
  </Typography>
);
