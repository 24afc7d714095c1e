import { useGetOne, useLocale, useTranslate } from 'react-admin';
import { useQuery } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useWatch } from 'react-hook-form';
import { getJson } from '../api/httpClient';
import type { Explanation, Scope, Subject, User } from '../api/records';
import { useNow } from '../shared/TimeText';
import { dayAndTime } from '../shared/time';
import { usePermissionSet } from '../session/usePermissionSet';
import { useTemplates } from '../shared/useTemplates';
import { nameOf } from '../shared/nameOf';

interface Values {
  subject?: Subject;
  scope?: Scope;
  template?: string;
  validFrom?: string | null;
  validUntil?: string | null;
}

/** What the form would do, in one sentence that follows it: "Ana gets Speaker in town-* until Fri 18:00". */
export function AssignmentSentence() {
  const translate = useTranslate();
  const locale = useLocale();
  const now = useNow();
  const { byKey } = useTemplates();
  const values = useWatch() as Values;
  const { subject, scope, template, validFrom, validUntil } = values;
  const userId = subject && 'user' in subject ? subject.user : '';
  const { data: user } = useGetOne<User>('users', { id: userId }, { enabled: userId !== '' });

  const isEveryone = Boolean(subject && 'everyone' in subject);
  const who = isEveryone ? translate('assignments.subject.everyone_label') : user && nameOf(user);
  const where = whereText(scope, translate('assignments.scope.all_label'));
  const room = scope && 'room' in scope ? scope.room : '';

  return (
    <Box
      role="status"
      aria-label={translate('assignments.sentence.label')}
      sx={{
        width: '100%',
        borderLeft: 3,
        borderColor: 'primary.main',
        bgcolor: 'action.hover',
        px: 1.5,
        py: 1,
        mb: 2,
        overflowWrap: 'anywhere',
      }}
    >
      {who && where && template ? (
        <>
          <Typography>
            <bdi translate="no">
              <strong>{who}</strong>
            </bdi>{' '}
            <span>{translate('assignments.sentence.gets')}</span>{' '}
            <strong>{byKey.get(template)?.name ?? template}</strong>{' '}
            <span>{translate('assignments.sentence.in')}</span>{' '}
            <bdi translate="no">
              <strong>{where}</strong>
            </bdi>{' '}
            {validFrom && new Date(validFrom) > now && (
              <span>
                {`${translate('assignments.sentence.from', {
                  from: dayAndTime(new Date(validFrom), now, locale),
                })} `}
              </span>
            )}
            <span>
              {validUntil
                ? `${translate('assignments.sentence.until', {
                    until: dayAndTime(new Date(validUntil), now, locale),
                  })}.`
                : `${translate('assignments.sentence.forever')}.`}
            </span>
          </Typography>
          {user && room && <HasAlready room={room} identity={user.identity} />}
        </>
      ) : (
        <Typography color="text.secondary">
          {translate('assignments.sentence.incomplete')}
        </Typography>
      )}
    </Box>
  );
}

function whereText(scope: Scope | undefined, all: string) {
  if (!scope) return '';
  if ('all' in scope) return all;
  return 'room' in scope ? scope.room : scope.pattern;
}

function HasAlready({ room, identity }: { room: string; identity: string }) {
  const translate = useTranslate();
  const can = usePermissionSet();
  const { byKey } = useTemplates();
  const { data } = useQuery({
    queryKey: ['explain', room, identity],
    queryFn: ({ signal }) =>
      getJson<Explanation>('/explain', { query: { room, identity }, signal }),
    enabled: can('token.preview', room),
    retry: false,
  });
  if (!data) return null;
  return (
    <Typography variant="body2" color="text.secondary">
      {data.template
        ? translate('assignments.sentence.has_already', {
            role: byKey.get(data.template)?.name ?? data.template,
            source: data.source ? translate(`assignments.sentence.source.${data.source}`) : '',
          })
        : translate('assignments.sentence.has_nothing')}
    </Typography>
  );
}
