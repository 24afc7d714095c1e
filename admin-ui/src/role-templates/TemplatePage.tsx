import { useCallback, useEffect, useState } from 'react';
import { Title, useNotify, useTranslate } from 'react-admin';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Button from '@mui/material/Button';
import IconButton from '@mui/material/IconButton';
import Menu from '@mui/material/Menu';
import MenuItem from '@mui/material/MenuItem';
import Skeleton from '@mui/material/Skeleton';
import Tab from '@mui/material/Tab';
import Tabs from '@mui/material/Tabs';
import TextField from '@mui/material/TextField';
import MoreVert from '@mui/icons-material/MoreVert';
import { useBlocker, useNavigate } from 'react-router-dom';
import { NotFound } from '../shared/NotFound';
import { deleteJson, path, postJson } from '../api/httpClient';
import { AttributePairs } from '../shared/AttributePairs';
import { ConfirmDialog } from '../shared/ConfirmDialog';
import { ErrorState } from '../shared/ErrorState';
import { Panel } from '../shared/Panel';
import { problemOf } from '../api/problem';
import { RoleChip } from '../shared/RoleChip';
import { StatusBadge } from '../shared/StatusBadge';
import { TimeText } from '../shared/TimeText';
import { useErrorText } from '../shared/useErrorText';
import { usePermissionSet } from '../session/usePermissionSet';
import { useRouteSegment } from '../shared/useRouteSegment';
import { GrantsEditor } from './GrantsEditor';
import './messages.en';
import { PreviewPane } from './PreviewPane';
import { PublishDialog } from './PublishDialog';
import {
  basicsOf,
  contentOf,
  isSame,
  type LoadedTemplate,
  loadTemplate,
  refreshTemplates,
  saveBasics,
  saveDraft,
  templateKeys,
  type TemplateContent,
} from './templateApi';
import { usePreview } from './usePreview';
import { VersionsTab } from './VersionsTab';
import { actorText } from '../shared/actorText';

export function TemplatePage() {
  const key = useRouteSegment(1);
  const { data, error, refetch } = useQuery({
    queryKey: templateKeys.page(key),
    queryFn: ({ signal }) => loadTemplate(key, signal),
    // What one edits is not replaced under one's hands; a save says when it has changed.
    refetchOnWindowFocus: false,
    staleTime: 0,
    gcTime: 0,
  });
  if (data) return <Editor key={key} loaded={data} />;
  if (problemOf(error)?.status === 404) return <NotFound />;
  if (error) return <ErrorState error={error} onRetry={() => void refetch()} />;
  return <Skeleton height={400} animation={false} />;
}

type Question = 'discard' | 'archive' | 'delete';

function Editor({ loaded }: { loaded: LoadedTemplate }) {
  const translate = useTranslate();
  const notify = useNotify();
  const navigate = useNavigate();
  const client = useQueryClient();
  const can = usePermissionSet();
  const [stored, setStored] = useState(loaded);
  const template = stored.record;
  const savedContent = contentOf(template.draft ?? template);
  const [content, setContent] = useState(savedContent);
  const [basics, setBasics] = useState(() => basicsOf(template));
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [failure, setFailure] = useState<unknown>(null);
  const [isSaving, setIsSaving] = useState(false);
  const [isConflict, setIsConflict] = useState(false);
  const [isPublishing, setIsPublishing] = useState(false);
  const [question, setQuestion] = useState<Question | null>(null);
  const [tab, setTab] = useState<'editor' | 'versions'>('editor');
  const [room, setRoom] = useState('');
  const [identity, setIdentity] = useState('');
  const preview = usePreview(content, room, identity);

  const canWrite = can('role_template.write') && !template.isArchived;
  const canPublish = can('role_template.publish') && !template.isArchived;
  const isContentDirty = !isSame(content, savedContent);
  const areBasicsDirty = !isSame(basics, basicsOf(template));
  const isDirty = isContentDirty || areBasicsDirty;

  const show = useCallback(
    (next: LoadedTemplate) => {
      setStored(next);
      setContent(contentOf(next.record.draft ?? next.record));
      setBasics(basicsOf(next.record));
      setErrors({});
      setFailure(null);
      setIsConflict(false);
      void client.invalidateQueries({
        queryKey: ['role-templates'],
        predicate: ({ queryKey }) => queryKey[1] !== 'page',
      });
    },
    [client],
  );

  /** Saves what differs; true when all of it is saved. */
  const save = async (etag = stored.etag): Promise<LoadedTemplate | null> => {
    setIsSaving(true);
    setErrors({});
    setFailure(null);
    try {
      let latest: LoadedTemplate = { ...stored, etag };
      if (areBasicsDirty) latest = await saveBasics(template.key, basics, latest.etag);
      if (isContentDirty) latest = await saveDraft(template.key, content, latest.etag);
      show(latest);
      notify('role_templates.saved', { type: 'success', autoHideDuration: 2_000 });
      return latest;
    } catch (error) {
      const problem = problemOf(error);
      if (problem?.status === 412) setIsConflict(true);
      else setFailure(error);
      setErrors(problem?.errors ?? {});
      return null;
    } finally {
      setIsSaving(false);
    }
  };

  const reload = async () => show(await loadTemplate(template.key));
  const overwrite = async () => {
    const { etag } = await loadTemplate(template.key);
    setIsConflict(false);
    await save(etag);
  };

  const openPublish = async () => {
    if (isDirty && !(await save())) return;
    setIsPublishing(true);
  };

  useSaveKeys({
    onSave: canWrite && isDirty && !isSaving ? () => void save() : null,
    onPublish: canPublish && !isPublishing ? () => void openPublish() : null,
  });
  const blocker = useUnsavedGuard(isDirty && canWrite);

  const answer = async (asked: Question) => {
    const route = path('role-templates', template.key);
    if (asked === 'delete') {
      await deleteJson(route);
      setContent(savedContent);
      setBasics(basicsOf(template));
      notify('role_templates.deleted', { type: 'success' });
      await refreshTemplates(client);
      void navigate('/role-templates');
      return;
    }
    if (asked === 'discard') await deleteJson(`${route}/draft`);
    else await postJson(`${route}/archive`);
    await reload();
    notify(asked === 'discard' ? 'role_templates.discarded' : 'role_templates.archived_done', {
      type: 'success',
    });
  };

  const unarchive = async () => {
    await postJson(`${path('role-templates', template.key)}/unarchive`);
    await reload();
    notify('role_templates.unarchived_done', { type: 'success' });
  };

  const change = (part: Partial<TemplateContent>) => setContent({ ...content, ...part });
  const hasLintErrors = preview.answer?.lint.some(({ severity }) => severity === 'error') ?? true;

  return (
    <Box sx={{ display: 'grid', gap: 2 }}>
      <Title title={template.name} />
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
        <RoleChip template={template.key} name={basics.name} color={basics.color} />
        <code>{template.key}</code>
        <StateLine template={template} isDirty={isDirty} isSaving={isSaving} />
        <Box sx={{ flex: 1 }} />
        {canWrite && (
          <Button
            variant="outlined"
            disabled={!isDirty}
            loading={isSaving}
            aria-keyshortcuts="Control+S"
            onClick={() => void save()}
          >
            {translate('role_templates.actions.save')}
          </Button>
        )}
        {canPublish && (
          <Button
            variant="contained"
            disabled={(!isDirty && !template.draft) || Boolean(preview.error)}
            onClick={() => void openPublish()}
          >
            {translate('role_templates.actions.publish')}
          </Button>
        )}
        {can('role_template.write') && (
          <More
            template={template}
            onAsk={setQuestion}
            onClone={() =>
              void navigate(`/role-templates/create?${new URLSearchParams({ from: template.key })}`)
            }
            onUnarchive={() => void unarchive()}
          />
        )}
        {/* Here, where it is seen however far down one was editing. */}
        {isConflict && (
          <Alert
            severity="warning"
            sx={{ width: '100%' }}
            action={
              <>
                <Button color="inherit" onClick={() => void reload()}>
                  {translate('role_templates.conflict.take')}
                </Button>
                <Button color="inherit" onClick={() => void overwrite()}>
                  {translate('role_templates.conflict.overwrite')}
                </Button>
              </>
            }
          >
            <b>{translate('role_templates.conflict.title')}</b>{' '}
            {translate('role_templates.conflict.text')}
          </Alert>
        )}
        {failure !== null && <Refusal error={failure} />}
      </Box>

      {!can('role_template.write') && (
        <Alert severity="info">{translate('role_templates.read_only')}</Alert>
      )}
      {template.isArchived && (
        <Alert severity="warning">{translate('role_templates.archived_note')}</Alert>
      )}
      {template.draft?.basedOn != null && template.draft.basedOn !== template.published && (
        <Alert severity="warning">
          {translate('role_templates.based_on_older', {
            basedOn: template.draft.basedOn,
            published: template.published,
          })}
        </Alert>
      )}
      <Tabs
        value={tab}
        aria-label={translate('role_templates.tabs.label')}
        onChange={(_event, value: typeof tab) => setTab(value)}
      >
        {(['editor', 'versions'] as const).map((each) => (
          <Tab
            key={each}
            value={each}
            id={`template-tab-${each}`}
            aria-controls={`template-panel-${each}`}
            label={translate(`role_templates.tabs.${each}`)}
          />
        ))}
      </Tabs>

      <Box role="tabpanel" id={`template-panel-${tab}`} aria-labelledby={`template-tab-${tab}`}>
        {tab === 'versions' ? (
          <VersionsTab
            template={template}
            canRestore={canWrite}
            onRestore={async (restored) => {
              show(await saveDraft(template.key, restored, stored.etag));
            }}
          />
        ) : (
          <Box
            sx={{
              display: 'grid',
              gap: 2,
              gridTemplateColumns: { xs: '1fr', lg: 'minmax(0, 1.35fr) minmax(320px, 1fr)' },
              alignItems: 'start',
            }}
          >
            <Box sx={{ display: 'grid', gap: 2, minWidth: 0 }}>
              <Panel title={translate('role_templates.sections.basics')}>
                {(['name', 'description', 'color'] as const).map((field) => (
                  <TextField
                    key={field}
                    label={translate(`role_templates.fields.${field}`)}
                    value={basics[field]}
                    slotProps={{ input: { readOnly: !canWrite } }}
                    required={field === 'name'}
                    multiline={field === 'description'}
                    error={Boolean(errors[field])}
                    helperText={
                      errors[field] ??
                      (field === 'color'
                        ? translate('role_templates.fields.color_help')
                        : undefined)
                    }
                    onChange={(event) => setBasics({ ...basics, [field]: event.target.value })}
                  />
                ))}
              </Panel>
              <GrantsEditor
                grants={content.grants}
                isReadOnly={!canWrite}
                errors={errors}
                onChange={(grants) => change({ grants })}
              />
              <TokenPart
                content={content}
                isReadOnly={!canWrite}
                errors={{ ...problemOf(preview.error)?.errors, ...errors }}
                onChange={change}
              />
            </Box>
            <Box sx={{ position: { lg: 'sticky' }, top: { lg: 112 }, minWidth: 0 }}>
              <PreviewPane
                preview={preview}
                room={room}
                identity={identity}
                onRoom={setRoom}
                onIdentity={setIdentity}
              />
            </Box>
          </Box>
        )}
      </Box>

      {isPublishing && (
        <PublishDialog
          template={template}
          etag={stored.etag}
          lint={hasLintErrors ? (preview.answer?.lint ?? []) : []}
          onClose={() => setIsPublishing(false)}
          onPublished={(version) => {
            setIsPublishing(false);
            notify(translate('role_templates.published_done', { version }), { type: 'success' });
            void reload();
          }}
        />
      )}
      {question && (
        <ConfirmDialog
          isOpen
          isDestructive
          title={translate(`role_templates.${question}_dialog.title`, { name: template.name })}
          confirmLabel={translate(`role_templates.${question}_dialog.confirm`, {
            name: template.name,
          })}
          onConfirm={() => answer(question)}
          onClose={() => setQuestion(null)}
        >
          {translate(`role_templates.${question}_dialog.text`)}
        </ConfirmDialog>
      )}
      <ConfirmDialog
        isOpen={blocker.state === 'blocked'}
        isDestructive
        title={translate('role_templates.leave_dialog.title')}
        confirmLabel={translate('role_templates.leave_dialog.confirm')}
        onConfirm={() => blocker.proceed?.()}
        onClose={() => blocker.state === 'blocked' && blocker.reset()}
      >
        {translate('role_templates.leave_dialog.text')}
      </ConfirmDialog>
    </Box>
  );
}

function Refusal({ error }: { error: unknown }) {
  const errorText = useErrorText();
  const fields = Object.entries(problemOf(error)?.errors ?? {});
  return (
    <Alert severity="error" sx={{ width: '100%' }}>
      {errorText(error)}
      {fields.length > 0 && (
        <Box component="ul" sx={{ m: 0, pl: 2.25 }}>
          {fields.map(([field, text]) => (
            <li key={field}>
              <code>{field}</code> {text}
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

interface TokenPartProps {
  content: TemplateContent;
  isReadOnly: boolean;
  errors: Record<string, string>;
  onChange: (part: Partial<TemplateContent>) => void;
}

function TokenPart({ content, isReadOnly, errors, onChange }: TokenPartProps) {
  const translate = useTranslate();
  const word = (name: string) => translate(`role_templates.fields.${name}`);
  // Not disabled: what may not be changed may still be read and copied.
  const readOnly = { input: { readOnly: isReadOnly } };
  return (
    <Panel title={translate('role_templates.sections.token')}>
      <TextField
        label={word('ttl')}
        value={content.ttl}
        slotProps={readOnly}
        error={Boolean(errors.ttl)}
        helperText={errors.ttl ?? word('ttl_help')}
        onChange={(event) => onChange({ ttl: event.target.value })}
        sx={{ maxWidth: 360 }}
      />
      <TextField
        label={word('metadata')}
        value={content.metadata}
        slotProps={readOnly}
        multiline
        error={Boolean(errors.metadata)}
        helperText={errors.metadata ?? word('metadata_help')}
        onChange={(event) => onChange({ metadata: event.target.value })}
      />
      <AttributePairs
        label={word('attributes')}
        help={word('attributes_help')}
        error={errors.attributes}
        value={content.attributes}
        isReadOnly={isReadOnly}
        onChange={(attributes) => onChange({ attributes })}
      />
    </Panel>
  );
}

/** Ctrl+S saves, Ctrl+Enter opens the publish dialog; ⌘ does the same on a Mac. */
function useSaveKeys({ onSave, onPublish }: Record<'onSave' | 'onPublish', (() => void) | null>) {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
      const act = event.key === 's' ? onSave : event.key === 'Enter' ? onPublish : undefined;
      if (act === undefined) return;
      event.preventDefault();
      act?.();
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, [onSave, onPublish]);
}

/** Asks before unsaved work is left, in the page and at its window. */
function useUnsavedGuard(isDirty: boolean) {
  useEffect(() => {
    if (!isDirty) return undefined;
    const hold = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', hold);
    return () => window.removeEventListener('beforeunload', hold);
  }, [isDirty]);
  return useBlocker(
    ({ currentLocation, nextLocation }) =>
      isDirty && currentLocation.pathname !== nextLocation.pathname,
  );
}
