import type { ReactNode } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import { Link } from 'react-router-dom';
import { path } from '../api/httpClient';
import { actorPath, entryPath, personPath, roomHistoryPath } from '../shared/historyPaths';
import { forgetToken } from '../shared/pastedToken';
import { Mono } from '../shared/Mono';
import { nameOf } from '../shared/nameOf';
import { Facts } from '../shared/Panel';
import { RoleChip } from '../shared/RoleChip';
import { StatusBadge, type Tone } from '../shared/StatusBadge';
import { TextLink } from '../shared/TextLink';
import { TimeText } from '../shared/TimeText';
import type { Recognition } from './useRecognized';

export interface TokenAnswerProps {
  recognition: Recognition;
  /** It has the parts of a token: of a piece the log knows nothing. */
  isWhole: boolean;
}

/** Yes: by whom, for whom, why, still good for what. Or no. */
export function TokenAnswer({ recognition, isWhole }: TokenAnswerProps) {
  const translate = useTranslate();
  const { answer, isAltered } = recognition;
  const { issuance, now } = answer;
  const [verdict, tone]: [string, Tone] = isAltered
    ? ['altered', 'bad']
    : answer.isIssued
      ? ['issued', 'good']
      : isWhole
        ? ['not_issued', 'bad']
        : ['not_whole', 'pending'];
  return (
    <Box sx={{ display: 'grid', gap: 1.5 }}>
      <Box>
        <StatusBadge tone={tone} sx={{ fontSize: '1rem', whiteSpace: 'normal' }}>
          {translate(`token_check.verdict.${verdict}`)}
        </StatusBadge>
        <Typography variant="body2" color="text.secondary">
          {translate(`token_check.means.${verdict}`)}
        </Typography>
      </Box>
      {issuance && <Facts facts={factsOf(recognition, translate)} />}
      {now && !isAltered && (
        <Box sx={{ p: 1.25, borderRadius: 1, bgcolor: 'action.hover' }}>
          <Typography variant="body2" color="text.secondary">
            {translate('token_check.now')}
          </Typography>
          <Box sx={{ display: 'flex', gap: 1, flexWrap: 'wrap', alignItems: 'center' }}>
            <StatusBadge tone={now.entrance.canComeIn ? 'pending' : 'good'}>
              {translate(`token_check.opens.${now.entrance.canComeIn ? 'yes' : 'no'}`)}
            </StatusBadge>
            {now.role && (
              <RoleChip template={now.role.key} name={now.role.name} color={now.role.color} />
            )}
          </Box>
          <Typography variant="body2">{now.entrance.text}</Typography>
          {now.grants.length > 0 && (
            <Box component="ul" sx={{ m: 0, mt: 0.5, pl: 2.5, fontSize: '.8125rem' }}>
              {now.grants.map((grant) => (
                <li key={grant}>{grant}</li>
              ))}
            </Box>
          )}
        </Box>
      )}
      {issuance && (
        <Button
          component={Link}
          to={`/issuances${path(issuance.id)}`}
          variant="outlined"
          onClick={forgetToken}
          sx={{ justifySelf: 'start' }}
        >
          {translate('token_check.show')}
        </Button>
      )}
    </Box>
  );
}

type Translate = ReturnType<typeof useTranslate>;

function factsOf({ answer }: Recognition, translate: Translate) {
  const { issuance, people, role, state, expiresAt, voidedAt, uses } = answer;
  const facts: { label: string; value: ReactNode }[] = [];
  const add = (name: string, value: ReactNode) => {
    if (value) facts.push({ label: translate(`token_check.fact.${name}`), value });
  };
  const identity = people.subject?.identity;
  const link = (to: string | undefined, shown: ReactNode) =>
    to === undefined ? (
      shown
    ) : (
      <TextLink to={to} onClick={forgetToken}>
        {shown}
      </TextLink>
    );
  const { issuer } = people;
  add(
    'by',
    issuer &&
      link(
        issuer.identity === null ? actorPath(issuer.kind, issuer.id) : personPath(issuer.identity),
        <bdi translate="no">{issuer.name}</bdi>,
      ),
  );
  add(
    'for',
    people.subject && (
      <span>
        {link(
          identity ? personPath(identity) : undefined,
          <bdi translate="no">
            {nameOf({ name: people.subject.name, identity: identity ?? '' })}
          </bdi>,
        )}{' '}
        {identity && <Mono>{identity}</Mono>}
      </span>
    ),
  );
  const room = issuance?.room;
  add('room', room && link(roomHistoryPath(room), <bdi translate="no">{room}</bdi>));
  add(
    'role',
    role &&
      link(
        `/role-templates${path(role.key)}`,
        <RoleChip template={role.key} name={role.name} color={role.color} version={role.version} />,
      ),
  );
  add('at', issuance && <TimeText at={issuance.at} format="absolute" />);
  add('why', issuance?.reason && <bdi>{issuance.reason}</bdi>);
  add('state', translate(`token_check.state.${state}`));
  add('expires', expiresAt && <TimeText at={expiresAt} format="absolute" />);
  add('voided', voidedAt && <TimeText at={voidedAt} format="absolute" />);
  const [use] = uses;
  add(
    'used',
    use ? (
      <span>
        {link(entryPath(use.id), <TimeText at={use.at} format="absolute" />)}{' '}
        <span>{translate('token_check.times', { smart_count: uses.length })}</span>
      </span>
    ) : (
      translate('token_check.never')
    ),
  );
  return facts;
}
