import { useState } from 'react';
import { Title, useNotify, useTranslate } from 'react-admin';
import { useQuery } from '@tanstack/react-query';
import Alert from '@mui/material/Alert';
import Box from '@mui/material/Box';
import Skeleton from '@mui/material/Skeleton';
import Tab from '@mui/material/Tab';
import Tabs from '@mui/material/Tabs';
import { useNavigate } from 'react-router-dom';
import { problemOf } from '../api/problem';
import { usePermissionSet } from '../session/usePermissionSet';
import { ConfirmDialog } from '../shared/ConfirmDialog';
import { ErrorState } from '../shared/ErrorState';
import { NotFound } from '../shared/NotFound';
import { useRouteSegment } from '../shared/useRouteSegment';
import { GrantsEditor } from './GrantsEditor';
import './messages.en';
import { PreviewPane } from './PreviewPane';
import { PublishDialog } from './PublishDialog';
import { type LoadedTemplate, loadTemplate, templateKeys } from './templateApi';
import { BasicsFields, TokenFields } from './TemplateFields';
import { type Question, TemplateHeader } from './TemplateHeader';
import { usePreview } from './usePreview';
import { useSaveKeys } from './useSaveKeys';
import { type TemplateEditor, useTemplateEditor } from './useTemplateEditor';
import { useUnsavedGuard } from './useUnsavedGuard';
import { VersionsTab } from './VersionsTab';

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

function Editor({ loaded }: { loaded: LoadedTemplate }) {
  const translate = useTranslate();
  const notify = useNotify();
  const navigate = useNavigate();
  const editor = useTemplateEditor(loaded);
  const { template, content, isDirty, isSaving, canWrite, canPublish } = editor;
  const [isPublishing, setIsPublishing] = useState(false);
  const [question, setQuestion] = useState<Question | null>(null);
  const [tab, setTab] = useState<'editor' | 'versions'>('editor');
  const [room, setRoom] = useState('');
  const [identity, setIdentity] = useState('');
  const preview = usePreview(content, room, identity);
  const hasLintErrors = preview.answer?.lint.some(({ severity }) => severity === 'error') ?? true;

  const openPublish = async () => {
    if (isDirty && !(await editor.save())) return;
    setIsPublishing(true);
  };
  useSaveKeys({
    onSave: canWrite && isDirty && !isSaving ? () => void editor.save() : null,
    onPublish: canPublish && !isPublishing ? () => void openPublish() : null,
  });

  return (
    <Box sx={{ display: 'grid', gap: 2 }}>
      <Title title={template.name} />
      <TemplateHeader
        editor={editor}
        isPublishable={(isDirty || Boolean(template.draft)) && !preview.error}
        onPublish={() => void openPublish()}
        onAsk={setQuestion}
        onClone={() =>
          void navigate(`/role-templates/create?${new URLSearchParams({ from: template.key })}`)
        }
      />
      <Notes template={template} />
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
          <VersionsTab template={template} canRestore={canWrite} onRestore={editor.restore} />
        ) : (
          <Box
            sx={{
              display: 'grid',
              gap: 2,
              gridTemplateColumns: { xs: '1fr', lg: 'minmax(0, 1.35fr) minmax(320px, 1fr)' },
              alignItems: 'start',
            }}
          >
            <Fields editor={editor} previewErrors={problemOf(preview.error)?.errors} />
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
          etag={editor.etag}
          lint={hasLintErrors ? (preview.answer?.lint ?? []) : []}
          onClose={() => setIsPublishing(false)}
          onPublished={(version) => {
            setIsPublishing(false);
            notify(translate('role_templates.published_done', { version }), { type: 'success' });
            void editor.reload();
          }}
        />
      )}
      {question && (
        <QuestionDialog editor={editor} question={question} onClose={() => setQuestion(null)} />
      )}
      <LeaveDialog isDirty={isDirty && canWrite} />
    </Box>
  );
}

/** What one has to know about the template before editing it. */
function Notes({ template }: { template: LoadedTemplate['record'] }) {
  const translate = useTranslate();
  const can = usePermissionSet();
  const { draft, published, isArchived } = template;
  return (
    <>
      {!can('role_template.write') && (
        <Alert severity="info">{translate('role_templates.read_only')}</Alert>
      )}
      {isArchived && <Alert severity="warning">{translate('role_templates.archived_note')}</Alert>}
      {draft?.basedOn != null && draft.basedOn !== published && (
        <Alert severity="warning">
          {translate('role_templates.based_on_older', { basedOn: draft.basedOn, published })}
        </Alert>
      )}
    </>
  );
}

interface FieldsProps {
  editor: TemplateEditor;
  previewErrors: Record<string, string> | undefined;
}

function Fields({ editor, previewErrors }: FieldsProps) {
  const { content, basics, errors, canWrite, change, setBasics } = editor;
  return (
    <Box sx={{ display: 'grid', gap: 2, minWidth: 0 }}>
      <BasicsFields basics={basics} isReadOnly={!canWrite} errors={errors} onChange={setBasics} />
      <GrantsEditor
        grants={content.grants}
        isReadOnly={!canWrite}
        errors={errors}
        onChange={(grants) => change({ grants })}
      />
      <TokenFields
        content={content}
        isReadOnly={!canWrite}
        errors={{ ...previewErrors, ...errors }}
        onChange={change}
      />
    </Box>
  );
}

interface QuestionDialogProps {
  editor: TemplateEditor;
  question: Question;
  onClose: () => void;
}

function QuestionDialog({ editor, question, onClose }: QuestionDialogProps) {
  const translate = useTranslate();
  const { name } = editor.template;
  const answers = { discard: editor.discardDraft, archive: editor.archive, delete: editor.remove };
  return (
    <ConfirmDialog
      isOpen
      isDestructive
      title={translate(`role_templates.${question}_dialog.title`, { name })}
      confirmLabel={translate(`role_templates.${question}_dialog.confirm`, { name })}
      onConfirm={answers[question]}
      onClose={onClose}
    >
      {translate(`role_templates.${question}_dialog.text`)}
    </ConfirmDialog>
  );
}

/** Asks before unsaved changes are lost by going to another page. */
function LeaveDialog({ isDirty }: { isDirty: boolean }) {
  const translate = useTranslate();
  const blocker = useUnsavedGuard(isDirty);
  return (
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
  );
}
