import { useState } from 'react';
import { useNotify, useTranslate } from 'react-admin';
import { useQuery } from '@tanstack/react-query';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import MenuItem from '@mui/material/MenuItem';
import Skeleton from '@mui/material/Skeleton';
import TextField from '@mui/material/TextField';
import Typography from '@mui/material/Typography';
import { getJson, path } from '../api/httpClient';
import type { RoleTemplate } from '../api/records';
import type { TemplateVersion } from '@rolecall/server/api';
import { ConfirmDialog } from '../shared/ConfirmDialog';
import { ErrorState } from '../shared/ErrorState';
import { JsonBlock } from '../shared/JsonBlock';
import { Panel } from '../shared/Panel';
import { StatusBadge } from '../shared/StatusBadge';
import { TimeText } from '../shared/TimeText';
import { useErrorText } from '../shared/useErrorText';
import { Sentences } from './Sentences';
import { contentOf, readDiff, templateKeys, type TemplateContent } from './templateApi';
import { actorText } from '../shared/actorText';

export interface VersionsTabProps {
  template: RoleTemplate;
  canRestore: boolean;
  onRestore: (content: TemplateContent) => Promise<void>;
}

export function VersionsTab({ template, canRestore, onRestore }: VersionsTabProps) {
  const translate = useTranslate();
  const { data, error, refetch } = useQuery({
    queryKey: [...templateKeys.versions(template.key), template.published],
    queryFn: ({ signal }) =>
      getJson<TemplateVersion[]>(path('role-templates', template.key, 'versions'), { signal }),
  });
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton height={200} animation={false} />;
  const versions = data.toSorted((a, b) => b.version - a.version);
  return (
    <Box sx={{ display: 'grid', gap: 2, maxWidth: 1080 }}>
      <Panel title={translate('role_templates.versions.list')}>
        {versions.length === 0 && <span>{translate('role_templates.versions.none')}</span>}
        <Box component="ol" sx={{ listStyle: 'none', m: 0, p: 0 }}>
          {versions.map((version) => (
            <VersionRow
              key={version.version}
              version={version}
              template={template}
              canRestore={canRestore}
              onRestore={onRestore}
            />
          ))}
        </Box>
      </Panel>
      {(versions.length > 1 || (versions.length === 1 && template.draft)) && (
        <Compare template={template} versions={versions} />
      )}
    </Box>
  );
}

function VersionRow({
  version,
  template,
  canRestore,
  onRestore,
}: VersionsTabProps & { version: TemplateVersion }) {
  const translate = useTranslate();
  const notify = useNotify();
  const [isAsking, setIsAsking] = useState(false);
  const words = { version: version.version };
  const restore = async () => {
    await onRestore(contentOf(version));
    notify(translate('role_templates.versions.restored', words), { type: 'success' });
  };
  return (
    <Box
      component="li"
      sx={{
        display: 'flex',
        flexWrap: 'wrap',
        gap: 1,
        alignItems: 'baseline',
        py: 1,
        borderTop: 1,
        borderColor: 'divider',
        '&:first-of-type': { borderTop: 0 },
      }}
    >
      <b>{translate('role_templates.versions.version', words)}</b>
      {version.version === template.published && (
        <StatusBadge tone="good">{translate('role_templates.versions.current')}</StatusBadge>
      )}
      <Box sx={{ flex: '1 1 240px', minWidth: 0, overflowWrap: 'anywhere' }}>
        <span>{version.message}</span>
        <Typography variant="body2" color="text.secondary">
          <span>{`${actorText(version.publishedBy, version.publishedByKind, translate)} ·`}</span>{' '}
          <TimeText at={version.publishedAt} />
        </Typography>
      </Box>
      {canRestore && (
        <Button variant="outlined" onClick={() => setIsAsking(true)}>
          {translate('role_templates.versions.restore')}
        </Button>
      )}
      <ConfirmDialog
        isOpen={isAsking}
        title={translate('role_templates.versions.restore_title', words)}
        confirmLabel={translate('role_templates.versions.restore')}
        onConfirm={restore}
        onClose={() => setIsAsking(false)}
      >
        {translate('role_templates.versions.restore_text')}
      </ConfirmDialog>
    </Box>
  );
}

const DRAFT = 'draft';

function Compare({ template, versions }: { template: RoleTemplate; versions: TemplateVersion[] }) {
  const translate = useTranslate();
  const errorText = useErrorText();
  const sides = [...(template.draft ? [DRAFT] : []), ...versions.map((v) => String(v.version))];
  const [to, setTo] = useState(sides[0]!);
  const [from, setFrom] = useState(sides[1]!);
  const { data, error } = useQuery({
    queryKey: ['role-templates', 'diff', template.key, from, to, template.draft],
    queryFn: ({ signal }) => readDiff(template.key, from, to, signal),
  });
  const nameOf = (side: string) =>
    side === DRAFT
      ? translate('role_templates.versions.draft')
      : translate('role_templates.versions.version', { version: side });
  const contentOfSide = (side: string) => {
    const content =
      side === DRAFT ? template.draft : versions.find((v) => String(v.version) === side);
    if (!content) return null;
    const { grants, ttl, metadata, attributes } = content;
    return { grants, ttl, metadata, attributes };
  };
  const choose = (label: string, value: string, onChange: (side: string) => void) => (
    <TextField
      select
      label={translate(`role_templates.versions.${label}`)}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      sx={{ width: 180 }}
    >
      {sides.map((side) => (
        <MenuItem key={side} value={side}>
          {nameOf(side)}
        </MenuItem>
      ))}
    </TextField>
  );
  return (
    <Panel title={translate('role_templates.versions.compare')}>
      <Box sx={{ display: 'flex', gap: 1, flexWrap: 'wrap', mb: 1 }}>
        {choose('from', from, setFrom)}
        {choose('to', to, setTo)}
      </Box>
      {error ? (
        <span>{errorText(error)}</span>
      ) : data && data.sentences.length === 0 ? (
        <span>{translate('role_templates.versions.same')}</span>
      ) : (
        data && <Sentences sentences={data.sentences} />
      )}
      <Box
        sx={{
          display: 'grid',
          gap: 1,
          mt: 2,
          gridTemplateColumns: { xs: '1fr', md: '1fr 1fr' },
        }}
      >
        <JsonBlock
          value={contentOfSide(from)}
          label={translate('role_templates.versions.json_from')}
        />
        <JsonBlock value={contentOfSide(to)} label={translate('role_templates.versions.json_to')} />
      </Box>
    </Panel>
  );
}
