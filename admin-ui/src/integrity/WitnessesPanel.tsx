import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import type { LedgerIntegrity } from '../api/records';
import { Mono } from '../shared/Mono';
import { Facts, Panel } from '../shared/Panel';
import { StatusBadge } from '../shared/StatusBadge';
import { TimeText } from '../shared/TimeText';
import { useCounts } from './useCounts';

type Witnesses = NonNullable<LedgerIntegrity['witnesses']>;

export function WitnessesPanel({ witnesses }: Pick<LedgerIntegrity, 'witnesses'>) {
  const translate = useTranslate();
  const text = (name: string) => translate(`integrity.witnesses.${name}`);
  return (
    <Panel title={text('title')} text={text('text')}>
      {witnesses ? (
        <Box sx={{ display: 'grid', gap: 2 }}>
          <Facts facts={[{ label: text('quorum'), value: <Quorum witnesses={witnesses} /> }]} />
          {witnesses.members.map((member) => (
            <Member key={member.name} member={member} />
          ))}
        </Box>
      ) : (
        <>
          <StatusBadge tone="pending">{text('none')}</StatusBadge>
          <Typography sx={{ mt: 0.5 }}>{text('none_text')}</Typography>
        </>
      )}
    </Panel>
  );
}

function Quorum({ witnesses: { quorum, cosigned, waitingSince } }: { witnesses: Witnesses }) {
  const translate = useTranslate();
  const { entries } = useCounts();
  const text = (name: string, more = {}) => translate(`integrity.witnesses.${name}`, more);
  if (quorum === 'none') return <StatusBadge tone="neutral">{text('quorum_none')}</StatusBadge>;
  if (!cosigned) return <StatusBadge tone="bad">{text('never', { name: quorum })}</StatusBadge>;
  return (
    <>
      <StatusBadge tone={waitingSince ? 'pending' : 'good'} sx={{ whiteSpace: 'normal' }}>
        {text('met', { name: quorum, entries: entries(cosigned.size) })}
      </StatusBadge>
      {waitingSince && (
        <Typography variant="body2">
          <span>{text('waiting', { name: quorum })}</span> <TimeText at={waitingSince} />
        </Typography>
      )}
    </>
  );
}

function Member({ member }: { member: Witnesses['members'][number] }) {
  const translate = useTranslate();
  const { entries, number } = useCounts();
  const text = (name: string, more = {}) => translate(`integrity.witnesses.${name}`, more);
  const { name, url, cosigned, lastError } = member;
  return (
    <Box>
      <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 1, mb: 0.5 }}>
        <Typography variant="h3">
          <bdi translate="no">{name}</bdi>
        </Typography>
        <StatusBadge tone={lastError === null ? 'good' : 'bad'}>
          {text(lastError === null ? 'fine' : 'failing')}
        </StatusBadge>
      </Box>
      <Facts
        facts={[
          { label: text('address'), value: <Mono>{url}</Mono> },
          {
            label: text('last'),
            value: cosigned ? (
              <>
                <span>{`${entries(cosigned.size)}, `}</span>
                <span>
                  {cosigned.behind === 0
                    ? text('up_to_date')
                    : text('behind', { count: number(cosigned.behind) })}
                </span>
                <span>{', '}</span>
                <TimeText at={cosigned.at} />
              </>
            ) : (
              text('nothing')
            ),
          },
          ...(lastError === null ? [] : [{ label: text('error'), value: lastError }]),
        ]}
      />
    </Box>
  );
}
