import { useState } from 'react';
import { DataTable, useNotify, useRefresh, useTranslate } from 'react-admin';
import { useQueryClient } from '@tanstack/react-query';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import NotificationImportant from '@mui/icons-material/NotificationImportantOutlined';
import { postJson } from '../api/httpClient';
import type { Alarm, LedgerEntry } from '../api/records';
import { STATUS_KEY } from '../api/useSystemStatus';
import { LedgerSentence } from '../ledger/LedgerSentence';
import { usePermissionSet } from '../session/usePermissionSet';
import { ConfirmDialog } from '../shared/ConfirmDialog';
import { SelectFilter } from '../shared/filters';
import { RecordList } from '../shared/RecordList';
import { StatusBadge, type Tone } from '../shared/StatusBadge';
import { TimeText } from '../shared/TimeText';
import './messages.en';

const Column = DataTable.Col<Alarm>;
const wide = { display: { xs: 'none', md: 'table-cell' } };
const STATES = ['open', 'acknowledged', 'gone'] as const;
const TONES: Record<Alarm['state'], Tone> = { open: 'bad', acknowledged: 'good', gone: 'neutral' };

export function AlarmList() {
  const translate = useTranslate();
  const notify = useNotify();
  const refresh = useRefresh();
  const can = usePermissionSet();
  const queryClient = useQueryClient();
  const [asked, setAsked] = useState<Alarm | null>(null);
  return (
    <>
      <RecordList
        title="app.nav.alarms"
        sort={{ field: 'openedAt', order: 'DESC' }}
        empty={{
          icon: <NotificationImportant />,
          title: 'alarms.empty_title',
          text: 'alarms.empty_text',
        }}
        isRowMuted={(alarm) => alarm.state !== 'open'}
        filters={
          <SelectFilter
            source="state"
            label="resources.alarms.fields.state"
            choices={STATES.map((id) => ({ id, label: `alarms.state.${id}` }))}
          />
        }
      >
        {/* Names of triggers are long words: without a break the button is out of a phone. */}
        <Column
          source="kind"
          sx={{ overflowWrap: 'anywhere' }}
          render={(alarm) => <What alarm={alarm} />}
        />
        <Column
          label="resources.alarms.fields.state"
          render={({ state }) => (
            <StatusBadge tone={TONES[state]}>{translate(`alarms.state.${state}`)}</StatusBadge>
          )}
        />
        <Column
          label="resources.alarms.fields.times"
          sx={wide}
          render={({ times }) => translate('alarms.times', { smart_count: times })}
        />
        <Column source="openedAt" sx={wide} render={({ openedAt }) => <TimeText at={openedAt} />} />
        <Column source="seenAt" sx={wide} render={({ seenAt }) => <TimeText at={seenAt} />} />
        <Column
          label="app.list.actions"
          align="right"
          render={(alarm) =>
            alarm.state === 'open' && can('alarm.acknowledge') ? (
              <Button
                aria-label={translate('alarms.acknowledge_named', { name: alarm.kind })}
                onClick={() => setAsked(alarm)}
              >
                {translate('alarms.acknowledge')}
              </Button>
            ) : null
          }
        />
      </RecordList>
      <ConfirmDialog
        isOpen={asked !== null}
        onClose={() => setAsked(null)}
        title={translate('alarms.acknowledge_title')}
        confirmLabel={translate('alarms.acknowledge')}
        asksReason
        onConfirm={async (note) => {
          if (!asked) return;
          const { acknowledged } = await postJson<{ acknowledged: number }>('/alarms/acknowledge', {
            ids: [asked.id],
            note,
          });
          notify(acknowledged === 1 ? 'alarms.acknowledged' : 'alarms.not_open', {
            type: acknowledged === 1 ? 'success' : 'info',
          });
          refresh();
          await queryClient.invalidateQueries({ queryKey: STATUS_KEY });
        }}
      >
        {asked && <What alarm={asked} />}
        <Typography sx={{ mt: 1 }}>{translate('alarms.acknowledge_text')}</Typography>
      </ConfirmDialog>
    </>
  );
}

/** In the words of the entry that it comes with, and who could have done it. */
function What({ alarm }: { alarm: Alarm }) {
  const translate = useTranslate();
  const { knownKeys } = alarm.about;
  const keys = Array.isArray(knownKeys) ? knownKeys.join(', ') : null;
  return (
    <>
      <LedgerSentence entry={entryOf(alarm)} isLinked />
      {keys !== null && (
        <Typography variant="caption" color="text.secondary" component="div">
          {translate('alarms.keys', { keys })}
        </Typography>
      )}
      {alarm.acknowledgedBy !== null && (
        <Typography variant="caption" color="text.secondary" component="div">
          {translate('alarms.by', { who: alarm.acknowledgedBy, note: alarm.note || '–' })}
        </Typography>
      )}
    </>
  );
}

function entryOf({ id, kind, room, identity, about, openedAt }: Alarm): LedgerEntry {
  const isUnexplained = kind === 'drift.detected';
  return {
    id,
    shard: 0,
    seq: 0,
    at: openedAt,
    kind,
    outcome: 'ok',
    actor: { kind: 'system', id: null, label: 'Rolecall' },
    room,
    identity,
    requestId: null,
    ip: null,
    reason: null,
    payload: isUnexplained ? { ...about, isUnexplained } : about,
    erased: [],
  };
}
