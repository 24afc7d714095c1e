import { useTranslate } from 'react-admin';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import Download from '@mui/icons-material/FileDownloadOutlined';
import type { LedgerIntegrity } from '../api/records';
import { CopyButton } from '../shared/CopyButton';
import { Mono } from '../shared/Mono';
import { Facts, Panel } from '../shared/Panel';
import { TimeText } from '../shared/TimeText';
import { useCounts } from './useCounts';

const SHORT = 16;

export function CheckpointPanel({ checkpoint }: Pick<LedgerIntegrity, 'checkpoint'>) {
  const translate = useTranslate();
  const { number } = useCounts();
  const text = (name: string) => translate(`integrity.checkpoint.${name}`);
  return (
    <Panel
      title={text('title')}
      text={text('text')}
      action={
        checkpoint && (
          <Button
            component="a"
            href="/ledger/checkpoint"
            download="checkpoint"
            startIcon={<Download />}
          >
            {text('download')}
          </Button>
        )
      }
    >
      {checkpoint ? (
        <Facts
          facts={[
            { label: text('size'), value: number(checkpoint.size) },
            {
              label: text('root'),
              value: (
                <>
                  <Mono>{`${checkpoint.root.slice(0, SHORT)}…`}</Mono>{' '}
                  <CopyButton text={checkpoint.root} label={text('copy_root')} />
                </>
              ),
            },
            { label: text('signed'), value: <TimeText at={checkpoint.signedAt} /> },
            { label: text('origin'), value: <Mono>{checkpoint.origin}</Mono> },
          ]}
        />
      ) : (
        <Typography>{text('none')}</Typography>
      )}
    </Panel>
  );
}
