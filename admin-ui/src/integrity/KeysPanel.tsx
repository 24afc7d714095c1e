import { useTranslate } from 'react-admin';
import { parseVerifierKey } from '@rolecall/server/ledger-remote';
import Box from '@mui/material/Box';
import Skeleton from '@mui/material/Skeleton';
import Typography from '@mui/material/Typography';
import type { LedgerKeys } from '../api/records';
import { CopyButton } from '../shared/CopyButton';
import { ErrorState } from '../shared/ErrorState';
import { Mono } from '../shared/Mono';
import { Facts, Panel } from '../shared/Panel';
import { TimeText } from '../shared/TimeText';
import { useLedgerKeys } from './useIntegrity';

type Key = LedgerKeys['keys'][number];

/** As the C2SP specifications number them. */
const TYPES = new Map([
  [0x01, 'Ed25519'],
  [0x06, 'ML-DSA-44'],
]);

export function KeysPanel() {
  const translate = useTranslate();
  const { data, error, refetch } = useLedgerKeys();
  const text = (name: string) => translate(`integrity.keys.${name}`);
  return (
    <Panel title={text('title')} text={text('text')}>
      {data ? (
        <>
          {data.keys.length === 0 && <Typography>{text('none')}</Typography>}
          <Box sx={{ display: 'grid', gap: 2 }}>
            {[...new Set(data.keys.map(({ generation }) => generation))].reverse().map((number) => (
              <Generation
                key={number}
                number={number}
                keys={data.keys.filter(({ generation }) => generation === number)}
              />
            ))}
          </Box>
        </>
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Skeleton height={64} animation={false} />
      )}
    </Panel>
  );
}

function Generation({ number, keys }: { number: number; keys: readonly Key[] }) {
  const translate = useTranslate();
  const text = (name: string, more = {}) => translate(`integrity.keys.${name}`, more);
  const [first] = keys;
  return (
    <Box>
      <Typography variant="h3" sx={{ mb: 0.5 }}>
        {text('generation', { number })}
      </Typography>
      <Facts
        facts={[
          ...keys.map(({ vkey }) => {
            const { type, name } = parseVerifierKey(vkey);
            const label = TYPES.get(type) ?? text('other', { type });
            // The name and the id of the key; the rest of it is long.
            const short = vkey.slice(0, name.length + 9);
            return {
              label,
              value: (
                <>
                  <Mono>{`${short}…`}</Mono>{' '}
                  <CopyButton text={vkey} label={text('copy', { type: label, number })} />
                </>
              ),
            };
          }),
          { label: text('since'), value: <TimeText at={first?.createdAt} /> },
          ...(first?.retiredAt
            ? [{ label: text('until'), value: <TimeText at={first.retiredAt} /> }]
            : []),
        ]}
      />
    </Box>
  );
}
