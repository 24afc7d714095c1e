import { useLocale, useTranslate } from 'react-admin';
import type { LedgerIntegrity } from '../api/records';
import { Mono } from '../shared/Mono';
import { Facts, Panel } from '../shared/Panel';
import { StatusBadge, type Tone } from '../shared/StatusBadge';
import { durationText } from '../shared/time';
import { useCounts } from './useCounts';

const TONES: Record<LedgerIntegrity['sealing'], Tone> = {
  starting: 'pending',
  sealing: 'good',
  standby: 'neutral',
  stopped: 'bad',
  failing: 'bad',
};

export function SealingPanel({ sealing, unsealed }: Pick<LedgerIntegrity, 'sealing' | 'unsealed'>) {
  const translate = useTranslate();
  const locale = useLocale();
  const { entries } = useCounts();
  const text = (name: string, more = {}) => translate(`integrity.sealing.${name}`, more);
  const duration = durationText(unsealed.oldestMs / 1_000, locale);
  return (
    <Panel title={text('title')} text={text('text')}>
      <Facts
        facts={[
          {
            label: text('state'),
            value: <StatusBadge tone={TONES[sealing]}>{text(`states.${sealing}`)}</StatusBadge>,
          },
          {
            label: text('waiting'),
            value:
              unsealed.entries === 0
                ? text('all')
                : text('oldest', { entries: entries(unsealed.entries), duration }),
          },
        ]}
      />
    </Panel>
  );
}

export function MirrorPanel({ mirror }: Pick<LedgerIntegrity, 'mirror'>) {
  const translate = useTranslate();
  const { entries } = useCounts();
  const text = (name: string) => translate(`integrity.mirror.${name}`);
  return (
    <Panel title={text('title')} text={text('text')}>
      <Facts
        facts={[
          { label: text('place'), value: <Mono>{mirror.place}</Mono> },
          {
            label: text('size'),
            value: mirror.size === null ? text('elsewhere') : entries(mirror.size),
          },
        ]}
      />
    </Panel>
  );
}
