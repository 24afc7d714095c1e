import type { ReactNode } from 'react';
import { QueryClient } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import { AdminContext, memoryStore, TestMemoryRouter } from 'react-admin';
import { authProvider } from '../src/session/authProvider';
import { dataProvider } from '../src/api/dataProvider';
import { i18nProvider } from '../src/i18n/i18nProvider';
import type { Permission } from '../src/session/permissions';
import type { Me } from '../src/api/records';
import { session } from '../src/session/session';
import { AnnounceProvider } from '../src/shared/announce';

export const signedIn = (permissions: Permission[], rooms: string[] | null = null): Me => ({
  operator: { id: 'o-1', email: 'lee@example.org', name: 'Lee' },
  permissions,
  everywhere: rooms === null ? permissions : [],
  rooms,
  accessRoles: [],
  ceiling: null,
});

/** One part of the dashboard with the real providers; the network is the caller's fake. */
export function renderAdmin(
  children: ReactNode,
  { me = signedIn([]), at = '/' }: { me?: Me; at?: string } = {},
) {
  session.set(me);
  return render(
    <TestMemoryRouter initialEntries={[at]}>
      <AdminContext
        dataProvider={dataProvider}
        authProvider={authProvider}
        i18nProvider={i18nProvider}
        store={memoryStore()}
        queryClient={new QueryClient({ defaultOptions: { queries: { retry: false } } })}
      >
        <AnnounceProvider>{children}</AnnounceProvider>
      </AdminContext>
    </TestMemoryRouter>,
  );
}
