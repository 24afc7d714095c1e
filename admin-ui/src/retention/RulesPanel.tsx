import { useState } from 'react';
import { useTranslate } from 'react-admin';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Typography from '@mui/material/Typography';
import type { RetentionRule } from '@rolecall/server/api';
import { usePermissionSet } from '../session/usePermissionSet';
import { Panel } from '../shared/Panel';
import { TimeText, useNow } from '../shared/TimeText';
import { RemoveRuleDialog, RuleDialog } from './RuleDialog';
import { Row, Rows } from './Rows';
import { useRuleWords } from './useRuleWords';

type Open = { sort: 'add' } | { sort: 'change' | 'remove'; rule: RetentionRule };

export function RulesPanel({ rules }: { rules: readonly RetentionRule[] }) {
  const translate = useTranslate();
  const words = useRuleWords();
  const now = useNow();
  const mayChange = usePermissionSet()('ledger.retain');
  const [open, setOpen] = useState<Open | null>(null);
  const text = (name: string, more = {}) => translate(`retention.rules.${name}`, more);
  const close = () => setOpen(null);
  return (
    <Panel
      title={text('title')}
      text={text('text')}
      action={
        mayChange && (
          <Button
            variant="contained"
            sx={{ flex: 'none' }}
            onClick={() => setOpen({ sort: 'add' })}
          >
            {text('add')}
          </Button>
        )
      }
    >
      {rules.length === 0 ? (
        <Typography variant="body2">{text('empty')}</Typography>
      ) : (
        <Rows>
          {rules.map((rule) => {
            const what = words.about(rule);
            const isWaiting = new Date(rule.actsAt) > now;
            return (
              <Row
                key={rule.id}
                title={<span>{words.sentence(rule)}</span>}
                actions={
                  mayChange && (
                    <>
                      <Button
                        aria-label={text('change_named', { what })}
                        onClick={() => setOpen({ sort: 'change', rule })}
                      >
                        {text('change')}
                      </Button>
                      <Button
                        color="error"
                        aria-label={text('remove_named', { what })}
                        onClick={() => setOpen({ sort: 'remove', rule })}
                      >
                        {text('remove')}
                      </Button>
                    </>
                  )
                }
              >
                {rule.reason && <Box sx={{ overflowWrap: 'anywhere' }}>{rule.reason}</Box>}
                <span>{text('set_by', { name: rule.by })}</span> <TimeText at={rule.at} />
                <span>{' · '}</span>
                {isWaiting ? (
                  <>
                    <span>{text('acts_at')}</span> <TimeText at={rule.actsAt} format="absolute" />
                  </>
                ) : (
                  <span>{text('acts')}</span>
                )}
              </Row>
            );
          })}
        </Rows>
      )}
      {open?.sort === 'add' && <RuleDialog rule={null} onClose={close} />}
      {open?.sort === 'change' && <RuleDialog rule={open.rule} onClose={close} />}
      {open?.sort === 'remove' && <RemoveRuleDialog rule={open.rule} onClose={close} />}
    </Panel>
  );
}
