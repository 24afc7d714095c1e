import { useCallback, useState } from 'react';
import { useNotify } from 'react-admin';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router-dom';
import { deleteJson, path, postJson } from '../api/httpClient';
import { problemOf } from '../api/problem';
import { usePermissionSet } from '../session/usePermissionSet';
import {
  basicsOf,
  contentOf,
  isSame,
  type LoadedTemplate,
  loadTemplate,
  refreshTemplates,
  saveBasics,
  saveDraft,
  type TemplateContent,
} from './templateApi';

/** One template as it is stored, as it is edited, and what moves it from one to the other. */
export function useTemplateEditor(loaded: LoadedTemplate) {
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

  const isContentDirty = !isSame(content, savedContent);
  const areBasicsDirty = !isSame(basics, basicsOf(template));

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

  /** Saves what differs; null when not all of it could be saved. */
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
  const restore = async (restored: TemplateContent) => {
    show(await saveDraft(template.key, restored, stored.etag));
  };

  const route = path('role-templates', template.key);
  const discardDraft = async () => {
    await deleteJson(`${route}/draft`);
    await reload();
    notify('role_templates.discarded', { type: 'success' });
  };
  const archive = async () => {
    await postJson(`${route}/archive`);
    await reload();
    notify('role_templates.archived_done', { type: 'success' });
  };
  const unarchive = async () => {
    await postJson(`${route}/unarchive`);
    await reload();
    notify('role_templates.unarchived_done', { type: 'success' });
  };
  const remove = async () => {
    await deleteJson(route);
    setContent(savedContent);
    setBasics(basicsOf(template));
    notify('role_templates.deleted', { type: 'success' });
    await refreshTemplates(client);
    void navigate('/role-templates');
  };

  return {
    template,
    etag: stored.etag,
    content,
    basics,
    errors,
    failure,
    isSaving,
    isConflict,
    isDirty: isContentDirty || areBasicsDirty,
    canWrite: can('role_template.write') && !template.isArchived,
    canPublish: can('role_template.publish') && !template.isArchived,
    setBasics,
    change: (part: Partial<TemplateContent>) => setContent({ ...content, ...part }),
    save,
    reload,
    overwrite,
    restore,
    discardDraft,
    archive,
    unarchive,
    remove,
  };
}

export type TemplateEditor = ReturnType<typeof useTemplateEditor>;
