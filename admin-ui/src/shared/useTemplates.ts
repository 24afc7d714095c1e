import { useMemo } from 'react';
import { useGetList } from 'react-admin';
import type { RoleTemplate } from '../api/records';
import { usePermissionSet } from '../session/usePermissionSet';

/** All templates at once: there are dozens, and every chip on every page needs name and colour. */
export function useTemplates() {
  const can = usePermissionSet();
  const query = useGetList<RoleTemplate>(
    'role-templates',
    { pagination: { page: 1, perPage: 500 }, sort: { field: 'name', order: 'ASC' } },
    { enabled: can('role_template.read'), staleTime: 60_000 },
  );
  const byKey = useMemo(
    () => new Map((query.data ?? []).map((template) => [template.key, template])),
    [query.data],
  );
  const published = useMemo(
    () => (query.data ?? []).filter((t) => t.published !== null && !t.isArchived),
    [query.data],
  );
  return { ...query, templates: query.data ?? [], published, byKey };
}
