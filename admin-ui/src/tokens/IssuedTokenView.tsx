import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import Link from '@mui/material/Link';
import Typography from '@mui/material/Typography';
import { Link as RouterLink } from 'react-router-dom';
import type { IssuedToken } from '@rolecall/server/api';
import { openJoinPage } from '../join/handover';
import { readClaims } from '../join/joinTicket';
import { BecauseList } from '../shared/BecauseList';
import { CopyButton } from '../shared/CopyButton';
import { JsonBlock } from '../shared/JsonBlock';
import { Mono } from '../shared/Mono';
import { Facts, Panel } from '../shared/Panel';
import { RoleChip } from '../shared/RoleChip';
import { TimeText } from '../shared/TimeText';
import { usePermissionSet } from '../session/usePermissionSet';
import { FONT_MONO } from '../theme/theme';
import { Heading } from './TokenPreviewPanel';

export function IssuedTokenView({ issued, onDone }: { issued: IssuedToken; onDone: () => void }) {
  const translate = useTranslate();
  const can = usePermissionSet();
  const [isBlocked, setIsBlocked] = useState(false);
  const claims = useMemo(() => readClaims(issued.token), [issued.token]);
  const top = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The form may have been scrolled far down; the token is at the top.
    document.documentElement.scrollTop = 0;
    top.current?.focus({ preventScroll: true });
  }, []);
  const { token, serverUrl, identity, room, template, version, because } = issued;

  const join = () => {
    if (room === null) return;
    setIsBlocked(!openJoinPage({ token, serverUrl, identity, room, template, version }));
  };

  return (
    <Box
      ref={top}
      tabIndex={-1}
      sx={{
        display: 'grid',
        gap: 2,
        gridTemplateColumns: { xs: '1fr', lg: 'minmax(0, 1.2fr) minmax(320px, 1fr)' },
        alignItems: 'start',
        '&:focus': { outline: 'none' },
      }}
    >
      <Panel
        title={translate(room === null ? 'tokens.result.title' : 'tokens.result.title_in', {
          identity,
          room,
        })}
        text={translate('tokens.result.once')}
      >
        <Box
          role="group"
          tabIndex={0}
          aria-label={translate('tokens.result.token')}
          sx={{
            p: 1.5,
            mb: 1.5,
            maxHeight: 180,
            overflowY: 'auto',
            border: 1,
            borderColor: 'divider',
            borderRadius: 1,
            bgcolor: 'background.default',
            fontFamily: FONT_MONO,
            fontSize: '.75rem',
            overflowWrap: 'anywhere',
            userSelect: 'all',
          }}
        >
          {token}
        </Box>
        <Box sx={{ display: 'flex', gap: 1, flexWrap: 'wrap', mb: 2 }}>
          <CopyButton text={token} label={translate('tokens.result.copy')} variant="contained" />
          {room !== null && (
            <Button variant="outlined" onClick={join}>
              {translate('tokens.result.join')}
            </Button>
          )}
          <Button onClick={onDone}>{translate('tokens.result.another')}</Button>
        </Box>
        {isBlocked && <Alert severity="warning">{translate('tokens.result.blocked')}</Alert>}
        <Facts
          facts={[
            {
              label: translate('tokens.result.role'),
              value: <RoleChip template={template} version={version} />,
            },
            {
              label: translate('tokens.result.expires'),
              value: <TimeText at={issued.expiresAt} />,
            },
            {
              label: translate('tokens.result.server'),
              value: (
                <>
                  <Mono>{serverUrl}</Mono>{' '}
                  <CopyButton text={serverUrl} label={translate('tokens.result.copy_server')} />
                </>
              ),
            },
            { label: translate('tokens.result.jti'), value: <Mono>{issued.jti}</Mono> },
            {
              label: translate('tokens.result.entry'),
              value: can('ledger.read') ? (
                <Link
                  component={RouterLink}
                  to={`/issuances/${encodeURIComponent(issued.issuanceId)}`}
                >
                  <Mono>{issued.issuanceId}</Mono>
                </Link>
              ) : (
                <Mono>{issued.issuanceId}</Mono>
              ),
            },
          ]}
        />
      </Panel>
      <Panel title={translate('tokens.result.facts')}>
        <Typography variant="h3" sx={{ mb: 0.5 }}>
          {translate('tokens.preview.why')}
        </Typography>
        <BecauseList because={because} />
        <Heading text={translate('tokens.preview.claims')} />
        <JsonBlock value={claims} label={translate('tokens.preview.copy_claims')} />
      </Panel>
    </Box>
  );
}
