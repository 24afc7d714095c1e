import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { TextLink } from '../shared/TextLink';
import { path } from '../api/httpClient';
import type { VerificationRun } from '../api/records';
import { actorText } from '../shared/actorText';
import { Panel } from '../shared/Panel';
import { StatusBadge } from '../shared/StatusBadge';
import { TimeText } from '../shared/TimeText';
import { useCounts } from './useCounts';

export function RunsPanel({ runs }: { runs: readonly VerificationRun[] }) {
  const translate = useTranslate();
  const text = (name: string) => translate(`integrity.runs.${name}`);
  return (
    <Panel title={text('title')} text={text('text')}>
      {runs.length === 0 ? (
        <Typography>{text('none')}</Typography>
      ) : (
        <Box component="ol" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 1.5 }}>
          {runs.map((run) => (
            <Run key={run.id} run={run} />
          ))}
        </Box>
      )}
    </Panel>
  );
}

function Run({ run }: { run: VerificationRun }) {
  const translate = useTranslate();
  const { entries } = useCounts();
  const text = (name: string, more = {}) => translate(`integrity.runs.${name}`, more);
  const { by, wrong, problems } = run;
  const facts = [
    by ? text('by', { name: actorText(by.label, by.kind, translate) }) : text('by_hidden'),
    text(run.where),
    run.since === null
      ? text('whole', { entries: entries(run.checked) })
      : text('since', { entries: entries(run.since) }),
    ...(run.what === 'hashes' ? [text('hashes')] : []),
    ...(run.isPinned ? [text('own_key')] : []),
  ];
  return (
    <Box component="li" sx={{ overflowWrap: 'anywhere' }}>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 1 }}>
        <StatusBadge tone={run.isProved ? 'good' : 'bad'}>
          {text(run.isProved ? 'proved' : 'not_proved')}
        </StatusBadge>
        {by ? (
          <TextLink to={`/activity${path(run.id)}`}>
            <TimeText at={run.at} />
          </TextLink>
        ) : (
          <TimeText at={run.at} />
        )}
      </Box>
      <Typography variant="body2" color="text.secondary">
        {facts.join(' · ')}
      </Typography>
      {[...(wrong ? [wrongText(wrong)] : []), ...problems].map((problem) => (
        <Typography key={problem} variant="body2">
          {problem}
        </Typography>
      ))}
    </Box>
  );
}

function wrongText({ entry, leaf, problem }: NonNullable<VerificationRun['wrong']>): string {
  return `${[entry, leaf === null ? null : `leaf ${leaf}`].filter(Boolean).join(', ')}: ${problem}`;
}
