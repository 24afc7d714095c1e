import { Admin, CustomRoutes, localStorageStore, Resource } from 'react-admin';
import { Route } from 'react-router-dom';
import { Layout } from './layout/Layout';
import { lazyPage } from './layout/lazyPage';
import { NoAccess, RequirePermission } from './layout/NoAccess';
import { NotFound } from './layout/NotFound';
import { authProvider } from './providers/authProvider';
import { dataProvider } from './providers/dataProvider';
import { i18nProvider } from './providers/i18nProvider';
import { queryClient } from './providers/queryClient';
import { SignInPage } from './sign-in/SignInPage';
import { darkTheme, lightTheme } from './theme/theme';

const roleTemplates = (page: 'list' | 'create' | 'edit') =>
  lazyPage(async () => (await import('./role-templates')).default[page]);

const RoomConsolePage = lazyPage(
  async () => (await import('./room-console/RoomConsolePage')).RoomConsolePage,
);
const IssueTokenPage = lazyPage(
  async () => (await import('./tokens/IssueTokenPage')).IssueTokenPage,
);

const store = localStorageStore('1', 'rolecall');

const templatePages = {
  list: roleTemplates('list'),
  create: roleTemplates('create'),
  edit: roleTemplates('edit'),
};

export const App = () => (
  <Admin
    title="Rolecall"
    dataProvider={dataProvider}
    authProvider={authProvider}
    i18nProvider={i18nProvider}
    queryClient={queryClient}
    store={store}
    theme={lightTheme}
    darkTheme={darkTheme}
    layout={Layout}
    loginPage={SignInPage}
    catchAll={NotFound}
    accessDenied={NoAccess}
    requireAuth
    disableTelemetry
  >
    <Resource name="role-templates" recordRepresentation="name" {...templatePages} />
    <CustomRoutes>
      <Route
        path="/rooms/:name/console"
        element={
          <RequirePermission permission="room.read">
            <RoomConsolePage />
          </RequirePermission>
        }
      />
      <Route
        path="/tokens/new"
        element={
          <RequirePermission permission="token.issue">
            <IssueTokenPage />
          </RequirePermission>
        }
      />
    </CustomRoutes>
  </Admin>
);
