import { type ReactNode, useState } from 'react';
import { useTranslate } from 'react-admin';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import IconButton from '@mui/material/IconButton';
import Menu from '@mui/material/Menu';
import MenuItem from '@mui/material/MenuItem';
import MoreVert from '@mui/icons-material/MoreVert';
import { problemOf } from '../api/problem';
import { usePermissionSet } from '../session/usePermissionSet';
import { actorText } from '../shared/actorText';
import { RoleChip } from '../shared/RoleChip';
import { StatusBadge } from '../shared/StatusBadge';
import { TimeText } from '../shared/TimeText';
import { useErrorText } from '../shared/useErrorText';
import type { LoadedTemplate } from './templateApi';
import type { TemplateEditor } from './useTemplateEditor';

/** What the operator is asked before it is done. */
export type Question = 'discard' | 'archive' | 'delete';

export interface TemplateHeaderProps {
  editor: TemplateEditor;
  /** Whether there is something to publish, and nothing that keeps it from being published. */
  isPublishable: boolean;
  onPublish: () => void;
  onAsk: (question: Question) => void;
  onClone: () => void;
}

/** Which template, its state and what can be done with it; stays visible while one scrolls. */
export function TemplateHeader(props: TemplateHeaderProps) {
  const { editor, isPublishable, onPublish, onAsk, onClone } = props;
  const { template, basics, isDirty, isSaving, canWrite, canPublish } = editor;
  const translate = useTranslate();
  const can = usePermissionSet();
  return (
    <Bar>
      <RoleChip template={template.key} name={basics.name} color={basics.color} />
      <code translate="no">{template.key}</code>
      <StateLine template={template} isDirty={isDirty} isSaving={isSaving} />
      <Box sx={{ flex: 1 }} />
      {canWrite && (
        <Button
          variant="outlined"
          disabled={!isDirty}
          loading={isSaving}
          aria-keyshortcuts="Control+S"
          onClick={() => void editor.save()}
        >
          {translate('role_templates.actions.save')}
        </Button>
      )}
      {canPublish && (
        <Button variant="contained" disabled={!isPublishable} onClick={onPublish}>
          {translate('role_templates.actions.publish')}
        </Button>
      )}
      {can('role_template.write') && (
        <More
          template={template}
          onAsk={onAsk}
          onClone={onClone}
          onUnarchive={() => void editor.unarchive()}
        />
      )}
      {/* Here, where it is seen however far down one was editing. */}
      {editor.isConflict && <ConflictAlert editor={editor} />}
      {editor.failure !== null && <Refusal error={editor.failure} />}
    </Bar>
  );
}

function Bar({ children }: { children: ReactNode }) {
  return (
    <Box
      sx={{
        display: 'flex',
        flexWrap: 'wrap',
        gap: 1.5,
        alignItems: 'center',
        position: { md: 'sticky' },
        top: 48,
        zIndex: 2,
        mx: { xs: -1.5, sm: -2 },
        mt: { xs: -1.5, sm: -2 },
        px: { xs: 1.5, sm: 2 },
        py: 1,
        bgcolor: 'background.default',
        borderBottom: 1,
        borderColor: 'divider',
      }}
    >
      {children}
    </Box>
  );
}

function ConflictAlert({ editor }: { editor: TemplateEditor }) {
  const translate = useTranslate();
  return (
    <Alert
      severity="warning"
      sx={{ width: '100%' }}
      action={
        <>
          <Button color="inherit" onClick={() => void editor.reload()}>
            {translate('role_templates.conflict.take')}
          </Button>
          <Button color="inherit" onClick={() => void editor.overwrite()}>
            {translate('role_templates.conflict.overwrite')}
          </Button>
        </>
      }
    >
      <b>{translate('role_templates.conflict.title')}</b>{' '}
      <span>{translate('role_templates.conflict.text')}</span>
    </Alert>
  );
}

function Refusal({ error }: { error: unknown }) {
  const errorText = useErrorText();
  const fields = Object.entries(problemOf(error)?.errors ?? {});
  return (
    <Alert severity="error" sx={{ width: '100%' }}>
      <span>{errorText(error)}</span>
      {fields.length > 0 && (
        <Box component="ul" sx={{ m: 0, pl: 2.25 }}>
          {fields.map(([field, text]) => (
            <li key={field}>
              <code translate="no">{field}</code> <span>{text}</span>
            </li>
          ))}
        </Box>
      )}
    </Alert>
  );
}

interface StateLineProps {
  template: LoadedTemplate['record'];
  isDirty: boolean;
  isSaving: boolean;
}

function StateLine({ template, isDirty, isSaving }: StateLineProps) {
  const translate = useTranslate();
  const { published, draft } = template;
  return (
    <Box sx={{ display: 'flex', gap: 1.5, flexWrap: 'wrap', color: 'text.secondary' }}>
      {published === null ? (
        <StatusBadge tone="neutral">{translate('role_templates.status.unpublished')}</StatusBadge>
      ) : (
        <StatusBadge tone="good">
          {translate('role_templates.status.published', { version: published })}
        </StatusBadge>
      )}
      <span role="status">
        <span>
          {isSaving
            ? translate('role_templates.status.saving')
            : isDirty
              ? translate('role_templates.status.unsaved')
              : draft
                ? translate('role_templates.status.draft', {
                    by: draft.updatedBy
                      ? actorText(draft.updatedBy, draft.updatedByKind, translate)
                      : '–',
                  })
                : translate('role_templates.status.nothing_new')}
        </span>
        {!isSaving && !isDirty && draft && (
          <>
            {' '}
            <TimeText at={draft.updatedAt} />
          </>
        )}
      </span>
      <span>
        {translate('role_templates.status.used', {
          assignments: template.assignments,
          live: template.live,
        })}
      </span>
    </Box>
  );
}

interface MoreProps {
  template: LoadedTemplate['record'];
  onAsk: (question: Question) => void;
  onClone: () => void;
  onUnarchive: () => void;
}

function More({ template, onAsk, onClone, onUnarchive }: MoreProps) {
  const translate = useTranslate();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const pick = (act: () => void) => () => {
    setAnchor(null);
    act();
  };
  return (
    <>
      <IconButton
        aria-label={translate('role_templates.actions.more')}
        aria-haspopup="menu"
        onClick={(event) => setAnchor(event.currentTarget)}
      >
        <MoreVert sx={{ fontSize: 20 }} />
      </IconButton>
      <Menu open={anchor !== null} anchorEl={anchor} onClose={() => setAnchor(null)}>
        <MenuItem onClick={pick(onClone)}>{translate('role_templates.actions.clone')}</MenuItem>
        {template.draft && template.published !== null && (
          <MenuItem onClick={pick(() => onAsk('discard'))}>
            {translate('role_templates.actions.discard')}
          </MenuItem>
        )}
        {template.isArchived ? (
          <MenuItem onClick={pick(onUnarchive)}>
            {translate('role_templates.actions.unarchive')}
          </MenuItem>
        ) : (
          <MenuItem onClick={pick(() => onAsk('archive'))}>
            {translate('role_templates.actions.archive')}
          </MenuItem>
        )}
        {template.published === null && (
          <MenuItem onClick={pick(() => onAsk('delete'))}>
            {translate('role_templates.actions.delete')}
          </MenuItem>
        )}
      </Menu>
    </>
  );
}
