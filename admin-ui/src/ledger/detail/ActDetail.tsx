import type { ReactNode } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { Link } from 'react-router-dom';
import type { Act } from '@rolecall/server/api';
import type { Because } from '../../api/records';
import { may } from '../../session/permissions';
import { useMe } from '../../session/session';
import { BecauseList } from '../../shared/BecauseList';
import { actorPath, logPath, personPath, roomHistoryPath } from '../../shared/historyPaths';
import { ComeIn } from '../ComeIn';
import { OutcomeBadge } from '../OutcomeBadge';
import { toldOf } from '../list/LogRow';
import { Steps } from '../list/Steps';
import type { MatchField } from '../query/language';
import { RoleMark } from '../words/RoleMark';
import { type Part, sentenceOf, templateOf } from '../words/sentence';
import type { LogWords } from '../words/useWords';
import type { useZone } from '../zone';
import { ActFacts } from './ActFacts';
import { changesOf } from './changes';
import { ChangeTable } from './ChangeTable';
import { RawEntries } from './RawEntries';
import { ValueMenu } from './ValueMenu';
import { WhoLine } from './WhoLine';

export interface ActDetailProps {
  act: Act;
  words: LogWords;
  zone: ReturnType<typeof useZone>;
  onFilter: (field: MatchField, value: string, how: 'only' | 'without') => void;
}

/** One act whole: who, what changed, why, could they come in then and now. */
export function ActDetail({ act, words, zone, onFilter }: ActDetailProps) {
  const translate = useTranslate();
  const me = useMe();
  const { entry } = act;
  const changes = changesOf(entry.payload);
  const because = becauseOf(entry.payload);
  const { effects } = entry.payload;
  return (
    <Box sx={{ p: 2, display: 'grid', gap: 2, minWidth: 0, alignContent: 'start', flex: 1 }}>
      <Box>
        <Typography
          component="p"
          sx={{ fontSize: '1rem', lineHeight: 1.5, overflowWrap: 'anywhere' }}
        >
          {sentenceOf(toldOf(act), { ...words.words, people: act.people }).map((part, at) => (
            <SentencePart key={at} act={act} part={part} words={words} onFilter={onFilter} />
          ))}
        </Typography>
        <Typography variant="body2" color="text.secondary" component="div">
          <span>{`${zone.format(act.startedAt, 'date')}, `}</span>
          <Box component="strong" sx={{ color: 'text.primary' }}>
            {zone.format(act.startedAt, 'exact')}
          </Box>
          <span>{` ${zone.place}`}</span>
        </Typography>
        {act.steps.length <= 1 && (
          <Box sx={{ mt: 1 }}>
            <OutcomeBadge entry={act} />
          </Box>
        )}
      </Box>
      {act.steps.length > 1 && <Steps steps={act.steps} format={zone.format} />}
      {act.repeated && (
        <Typography variant="body2">
          {translate('ledger.row.folded', {
            smart_count: act.repeated.count,
            since: zone.format(act.repeated.since, 'clock'),
          })}
        </Typography>
      )}
      <Section title={translate('ledger.drawer.who')}>
        <WhoLine act={act} onFilter={onFilter} />
      </Section>
      {changes.length > 0 && (
        <Section title={translate('ledger.drawer.changed')}>
          <ChangeTable changes={changes} />
        </Section>
      )}
      {Array.isArray(effects) && effects.length > 0 && (
        <Section title={translate('ledger.drawer.effects')}>
          <Box component="ul" sx={{ m: 0, pl: 2.5, fontSize: '.8125rem' }}>
            {effects.map((effect, at) => (
              <li key={at}>{textOfEffect(effect)}</li>
            ))}
          </Box>
        </Section>
      )}
      {(entry.reason || because.length > 0) && (
        <Section title={translate('ledger.drawer.why')}>
          {entry.reason && (
            <Typography variant="body2" sx={{ mb: 0.5, overflowWrap: 'anywhere' }}>
              <bdi>{`“${entry.reason}”`}</bdi>
            </Typography>
          )}
          {because.length > 0 && <BecauseList because={because} />}
        </Section>
      )}
      {entry.room && entry.identity && may(me, 'token.preview', entry.room) && (
        <Section title={translate('ledger.come_in.title')}>
          <ComeIn room={entry.room} identity={entry.identity} at={entry.at} />
        </Section>
      )}
      <Related act={act} />
      <ActFacts act={act} onFilter={onFilter} />
      <RawEntries act={act} />
    </Box>
  );
}

const Section = ({ title, children }: { title: string; children: ReactNode }) => (
  <Box sx={{ minWidth: 0 }}>
    <Typography variant="h3" sx={{ mb: 0.75, fontSize: '.8125rem', color: 'text.secondary' }}>
      {title}
    </Typography>
    {children}
  </Box>
);

interface SentencePartProps {
  act: Act;
  part: Part;
  words: LogWords;
  onFilter: ActDetailProps['onFilter'];
}

function SentencePart({ act, part: { name, text }, words, onFilter }: SentencePartProps) {
  const { entry } = act;
  if (!name) return <span>{text}</span>;
  const template = name === 'template' ? templateOf(entry) : null;
  if (template) {
    const color = words.colorOf(template.key) ?? act.role?.color;
    return <RoleMark template={template.key} name={text} color={color} />;
  }
  const value = { room: entry.room, identity: entry.identity, actor: entry.actor?.id }[name];
  if (!value) {
    return (
      <strong>
        <bdi translate="no">{text}</bdi>
      </strong>
    );
  }
  const to = {
    room: () => roomHistoryPath(value),
    identity: () => personPath(value),
    actor: () => actorPath(entry.actor?.kind ?? null, value),
  }[name as 'room' | 'identity' | 'actor']();
  return (
    <Box component="strong" sx={{ '& button': { font: 'inherit', verticalAlign: 'baseline' } }}>
      <ValueMenu field={name as MatchField} value={value} onFilter={onFilter} to={to}>
        <bdi translate="no">{text}</bdi>
      </ValueMenu>
    </Box>
  );
}

/** Where the next question leads. */
function Related({ act: { entry } }: { act: Act }) {
  const translate = useTranslate();
  const { room, identity } = entry;
  if (!room && !identity) return null;
  return (
    <Box sx={{ display: 'flex', flexWrap: 'wrap', columnGap: 1, ml: -1.25 }}>
      {identity && (
        <Button component={Link} to={logPath(`identity:${JSON.stringify(identity)}`)}>
          {translate('ledger.related.person')}
        </Button>
      )}
      {room && (
        <Button component={Link} to={logPath(`room:${JSON.stringify(room)}`)}>
          {translate('ledger.related.room')}
        </Button>
      )}
      {identity && (
        <Button component={Link} to={`/exposure?${new URLSearchParams({ identity })}`}>
          {translate('ledger.related.exposure')}
        </Button>
      )}
    </Box>
  );
}

const textOfEffect = (effect: unknown) =>
  typeof effect === 'string'
    ? effect
    : String((effect as { text?: unknown } | null)?.text ?? JSON.stringify(effect));

function becauseOf(payload: Record<string, unknown>): Because[] {
  const { because } = payload;
  return Array.isArray(because) ? (because as Because[]) : [];
}
