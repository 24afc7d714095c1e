import { useGetList, useTranslate } from 'react-admin';
import { useQuery } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import CheckCircle from '@mui/icons-material/CheckCircle';
import RadioButtonUnchecked from '@mui/icons-material/RadioButtonUnchecked';
import { Link } from 'react-router-dom';
import { getJson } from '../api/httpClient';
import type { Issuance, Page } from '../api/records';
import { Panel } from '../shared/Panel';
import { useSystemStatus } from '../api/useSystemStatus';
import { usePermissionSet } from '../session/usePermissionSet';
import { visuallyHidden } from '../shared/visuallyHidden';

interface Step {
  id: 'livekit' | 'room' | 'template' | 'user' | 'assignment' | 'issuance';
  to: string;
  /** Undefined while it is not known. */
  isDone: boolean | undefined;
}

const FIRST = {
  pagination: { page: 1, perPage: 1 },
  sort: { field: 'id', order: 'ASC' },
} as const;

/** Ticked off by the server's state, never by clicks; gone once everything is there. */
export function FirstSteps() {
  const translate = useTranslate();
  const steps = useSteps();
  const next = steps.find(({ isDone }) => isDone === false);
  const isKnown = steps.every(({ isDone }) => isDone !== undefined);
  if (!isKnown || !next) return null;
  return (
    <Panel title={translate('home.steps')} text={translate('home.steps_text')}>
      <Box component="ol" sx={{ listStyle: 'none', m: 0, p: 0 }}>
        {steps.map((step) => (
          <StepRow key={step.id} step={step} isNext={step === next} />
        ))}
      </Box>
    </Panel>
  );
}

function StepRow({ step, isNext }: { step: Step; isNext: boolean }) {
  const translate = useTranslate();
  const Icon = step.isDone ? CheckCircle : RadioButtonUnchecked;
  return (
    <Box
      component="li"
      sx={{
        display: 'flex',
        gap: 1.5,
        py: 1,
        borderTop: 1,
        borderColor: 'divider',
        alignItems: 'center',
      }}
    >
      <Icon
        aria-hidden
        sx={{ fontSize: 20, color: step.isDone ? 'success.main' : 'text.secondary' }}
      />
      <Box sx={{ flex: 1, minWidth: 0 }}>
        <Typography
          sx={{ fontWeight: isNext ? 650 : 500, color: step.isDone ? 'text.secondary' : undefined }}
        >
          <Box component="span" sx={visuallyHidden}>
            <span>{translate(step.isDone ? 'home.done' : 'home.to_do')}</span>{' '}
          </Box>
          <span>{translate(`home.step.${step.id}.title`)}</span>
        </Typography>
        {!step.isDone && (
          <Typography variant="body2" color="text.secondary">
            {translate(`home.step.${step.id}.text`)}
          </Typography>
        )}
      </Box>
      {!step.isDone && (
        <Button component={Link} to={step.to} variant={isNext ? 'contained' : 'text'}>
          {translate(`home.step.${step.id}.action`)}
        </Button>
      )}
    </Box>
  );
}

function useSteps(): Step[] {
  const can = usePermissionSet();
  const status = useSystemStatus();
  const isSetUpAllowed = can('room.create') && can('assignment.create');
  const enabled = { enabled: isSetUpAllowed };
  const rooms = useGetList('rooms', FIRST, enabled);
  const templates = useGetList('role-templates', FIRST, enabled);
  const users = useGetList('users', FIRST, enabled);
  const assignments = useGetList('assignments', FIRST, enabled);
  const issuances = useQuery({
    queryKey: ['/issuances', 'first'],
    queryFn: ({ signal }) => getJson<Page<Issuance>>('/issuances', { query: { limit: 1 }, signal }),
    enabled: isSetUpAllowed,
  });
  if (!isSetUpAllowed) return [];
  const isAny = (total: number | undefined) => (total === undefined ? undefined : total > 0);
  return [
    {
      id: 'livekit',
      to: '/status',
      isDone: status.data && status.data.livekit.state === 'up',
    },
    { id: 'template', to: '/role-templates', isDone: isAny(templates.total) },
    { id: 'room', to: '/rooms/create', isDone: isAny(rooms.total) },
    { id: 'user', to: '/users/create', isDone: isAny(users.total) },
    { id: 'assignment', to: '/assignments/create', isDone: isAny(assignments.total) },
    {
      id: 'issuance',
      to: '/tokens/new',
      isDone: isAny(issuances.data?.data.length),
    },
  ];
}
