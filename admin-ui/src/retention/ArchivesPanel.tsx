import { useState } from 'react';
import { useLocale, useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Skeleton from '@mui/material/Skeleton';
import Typography from '@mui/material/Typography';
import type { ArchiveCheck, LedgerArchive } from '@rolecall/server/api';
import { path } from '../api/httpClient';
import { useAnnounce } from '../shared/announce';
import { CopyButton } from '../shared/CopyButton';
import { ErrorState } from '../shared/ErrorState';
import { Mono } from '../shared/Mono';
import { Facts, Panel } from '../shared/Panel';
import { StatusBadge, type Tone } from '../shared/StatusBadge';
import { TextLink } from '../shared/TextLink';
import { useErrorText } from '../shared/useErrorText';
import { readNote, useArchives, verifyArchive } from './retentionApi';
import { Row, Rows } from './Rows';
import { useRuleWords } from './useRuleWords';

const TONES: Record<LedgerArchive['state'], Tone> = {
  writing: 'pending',
  archived: 'info',
  forgotten: 'good',
};

export function ArchivesPanel({ folder }: { folder: string | null }) {
  const translate = useTranslate();
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useArchives();
  const text = (name: string) => translate(`retention.archives.${name}`);
  const archives = data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <Panel title={text('title')} text={text('text')}>
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton height={48} animation={false} />
      ) : archives.length === 0 ? (
        <Typography variant="body2">{text('empty')}</Typography>
      ) : (
        <>
          <Rows>
            {archives.map((archive) => (
              <Archive key={archive.id} archive={archive} folder={folder} />
            ))}
          </Rows>
          {hasNextPage && (
            <Button loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              {text('more')}
            </Button>
          )}
        </>
      )}
    </Panel>
  );
}

type Verifying =
  | { at: 'idle' }
  | { at: 'running' }
  | { at: 'done'; check: ArchiveCheck }
  | { at: 'failed'; error: unknown };

function Archive({ archive, folder }: { archive: LedgerArchive; folder: string | null }) {
  const translate = useTranslate();
  const locale = useLocale();
  const announce = useAnnounce();
  const words = useRuleWords();
  const [isOpen, setIsOpen] = useState(false);
  const [verifying, setVerifying] = useState<Verifying>({ at: 'idle' });
  const text = (name: string, more = {}) => translate(`retention.archives.${name}`, more);
  const count = (entries: number) => ({
    smart_count: entries,
    count: entries.toLocaleString(locale),
  });
  const day = (at: string) =>
    new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(new Date(at));
  const { state } = archive;
  const range = text('range', { from: day(archive.from), to: day(archive.to) });

  const verify = async () => {
    setVerifying({ at: 'running' });
    try {
      const check = await verifyArchive(archive.id);
      setVerifying({ at: 'done', check });
      announce(check.isProved ? text('proved', count(check.entries)) : text('wrong'));
    } catch (error) {
      setVerifying({ at: 'failed', error });
    }
  };

  return (
    <Row
      title={
        <>
          <span>{`${range}, ${text('entries', count(archive.entries))}`}</span>{' '}
          <StatusBadge tone={TONES[state]}>{text(`state.${state}`)}</StatusBadge>
        </>
      }
      actions={
        <>
          {state !== 'writing' && (
            <Button
              loading={verifying.at === 'running'}
              aria-label={text('verify_named', { range })}
              onClick={() => void verify()}
            >
              {text('verify')}
            </Button>
          )}
          <Button
            aria-expanded={isOpen}
            aria-label={text(isOpen ? 'fewer_details' : 'details', { range })}
            onClick={() => setIsOpen(!isOpen)}
          >
            {text(isOpen ? 'hide' : 'show')}
          </Button>
        </>
      }
    >
      <Box>{text(`state_text.${state}`)}</Box>
      {verifying.at !== 'idle' && <Outcome verifying={verifying} count={count} />}
      {isOpen && <Details archive={archive} folder={folder} rule={words.sentence(archive.rule)} />}
    </Row>
  );
}

function Outcome({
  verifying,
  count,
}: {
  verifying: Exclude<Verifying, { at: 'idle' }>;
  count: (entries: number) => object;
}) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const text = (name: string, more = {}) => translate(`retention.archives.${name}`, more);
  switch (verifying.at) {
    case 'running':
      return <Box>{text('verifying')}</Box>;
    case 'failed':
      return (
        <Alert severity="error" sx={{ my: 1 }}>
          {errorText(verifying.error)}
        </Alert>
      );
    case 'done': {
      const { isProved, problems, entries } = verifying.check;
      return (
        <Alert severity={isProved ? 'success' : 'error'} sx={{ my: 1 }}>
          <span>{isProved ? text('proved', count(entries)) : text('wrong')}</span>
          {problems.map((problem) => (
            <Box key={problem} sx={{ overflowWrap: 'anywhere' }}>
              {problem}
            </Box>
          ))}
        </Alert>
      );
    }
  }
}

interface DetailsProps {
  archive: LedgerArchive;
  folder: string | null;
  rule: string;
}

function Details({ archive, folder, rule }: DetailsProps) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const [error, setError] = useState<unknown>(null);
  const text = (name: string, more = {}) => translate(`retention.archives.${name}`, more);
  const { id, file, bytes, sha256, root, entry, state } = archive;
  const facts = [
    { label: text('rule'), value: rule },
    {
      label: text('file'),
      value: (
        <>
          <Mono>{file ?? '–'}</Mono>{' '}
          {folder !== null && <span>{text('in_folder', { folder })}</span>}
        </>
      ),
    },
    ...(bytes !== null ? [{ label: text('bytes'), value: `${bytes.toLocaleString()} B` }] : []),
    ...(sha256 !== null
      ? [
          {
            label: text('sha256'),
            value: (
              <>
                <Mono>{`${sha256.slice(0, 16)}…`}</Mono>{' '}
                <CopyButton text={sha256} label={text('copy')} />
              </>
            ),
          },
        ]
      : []),
    ...(root !== null ? [{ label: text('root'), value: <Mono>{root}</Mono> }] : []),
    ...(entry !== null
      ? [
          {
            label: text('entry'),
            value: <TextLink to={`/activity${path(entry)}`}>{text('open_entry')}</TextLink>,
          },
        ]
      : []),
  ];
  const saveNote = async () => {
    setError(null);
    try {
      const note = await readNote(id);
      if (note !== null) save(note, `${id}.note`);
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <Box sx={{ mt: 1, color: 'text.primary' }}>
      <Facts facts={facts} />
      {state !== 'writing' && (
        <Button variant="outlined" sx={{ mt: 1 }} onClick={() => void saveNote()}>
          {text('note')}
        </Button>
      )}
      {error !== null && (
        <Alert severity="error" sx={{ mt: 1 }}>
          {errorText(error)}
        </Alert>
      )}
    </Box>
  );
}

function save(text: string, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  link.download = name;
  link.click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
