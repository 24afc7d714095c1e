import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import type { LedgerIntegrity } from '../api/records';
import { Mono } from '../shared/Mono';
import { Facts, Panel } from '../shared/Panel';
import { StatusBadge } from '../shared/StatusBadge';
import { useCounts } from './useCounts';

type Stream = LedgerIntegrity['streams'][number];

/** Where entries are sent to, and how far each destination is. */
export function StreamsPanel({ streams }: Pick<LedgerIntegrity, 'streams'>) {
  const translate = useTranslate();
  const text = (name: string) => translate(`integrity.streams.${name}`);
  return (
    <Panel title={text('title')} text={text('text')}>
      {streams.length === 0 && <Typography>{text('none')}</Typography>}
      <Box sx={{ display: 'grid', gap: 2 }}>
        {streams.map((stream) => (
          <StreamFacts key={stream.name} stream={stream} />
        ))}
      </Box>
    </Panel>
  );
}

function StreamFacts({ stream }: { stream: Stream }) {
  const translate = useTranslate();
  const { entries, number } = useCounts();
  const text = (name: string, more = {}) => translate(`integrity.streams.${name}`, more);
  const { name, to, position, behind, failure, refused, firstRefused } = stream;
  const state = failure !== null ? 'failing' : refused > 0 ? 'refuses' : 'fine';
  return (
    <Box>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 1, mb: 0.5 }}>
        <Typography variant="h3">
          <bdi translate="no">{name}</bdi>
        </Typography>
        <StatusBadge tone={state === 'fine' ? 'good' : 'bad'}>{text(state)}</StatusBadge>
      </Box>
      <Facts
        facts={[
          { label: text('address'), value: <Mono>{to}</Mono> },
          {
            label: text('sent'),
            value:
              behind === 0
                ? text('all', { entries: entries(position) })
                : text('behind', { entries: entries(position), count: number(behind) }),
          },
          ...(failure === null ? [] : [{ label: text('error'), value: failure }]),
          ...(firstRefused === null
            ? []
            : [
                {
                  label: text('refused'),
                  value: text('refused_text', { entries: entries(refused), ...firstRefused }),
                },
              ]),
        ]}
      />
    </Box>
  );
}
