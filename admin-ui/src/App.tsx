import { Admin, CustomRoutes, localStorageStore, Resource } from 'react-admin';
import { Route } from 'react-router-dom';
import accessRoles from './access-roles';
import alarms from './alarms';
import apiKeys from './api-keys';
import assignments from './assignments';
import { Layout } from './layout/Layout';
import { lazyPage } from './shared/lazyPage';
import { NoAccess, RequirePermission } from './shared/NoAccess';
import { checkedStore } from './shared/checkedStore';
import { NotFound } from './shared/NotFound';
import operators from './operators';
import { authProvider } from './session/authProvider';
import { dataProvider } from './api/dataProvider';
import { i18nProvider } from './i18n/i18nProvider';
import { queryClient } from './api/queryClient';
import rooms from './rooms';
import { SignInPage } from './sign-in/SignInPage';
import { darkTheme, lightTheme } from './theme/theme';
import users from './users';

const templatePage = (page: 'list' | 'create' | 'edit') =>
  lazyPage(async () => (await import('./role-templates')).default[page]);

const roleTemplates = {
  list: templatePage('list'),
  create: templatePage('create'),
  edit: templatePage('edit'),
};

const HomePage = lazyPage(async () => (await import('./home/HomePage')).HomePage);
const RoomConsolePage = lazyPage(
  async () => (await import('./room-console/RoomConsolePage')).RoomConsolePage,
);
const IssueTokenPage = lazyPage(
  async () => (await import('./tokens/IssueTokenPage')).IssueTokenPage,
);
const IssuancesPage = lazyPage(async () => (await import('./ledger/IssuancesPage')).IssuancesPage);
const ActivityPage = lazyPage(async () => (await import('./ledger/ActivityPage')).ActivityPage);
const IntegrityPage = lazyPage(
  async () => (await import('./integrity/IntegrityPage')).IntegrityPage,
);
const RetentionPage = lazyPage(
  async () => (await import('./retention/RetentionPage')).RetentionPage,
);
const ExposurePage = lazyPage(async () => (await import('./exposure/ExposurePage')).ExposurePage);
const PersonPage = lazyPage(async () => (await import('./timelines/PersonPage')).PersonPage);
const RoomHistoryPage = lazyPage(
  async () => (await import('./timelines/RoomHistoryPage')).RoomHistoryPage,
);
const OperatorHistoryPage = lazyPage(
  async () => (await import('./timelines/OperatorHistoryPage')).OperatorHistoryPage,
);
const StatusPage = lazyPage(async () => (await import('./status/StatusPage')).StatusPage);
const AccountPage = lazyPage(async () => (await import('./account/AccountPage')).AccountPage);

const store = checkedStore(localStorageStore('1', 'rolecall'));

const issuances = (
  <RequirePermission permission="ledger.read">
    <IssuancesPage />
  </RequirePermission>
);
const activity = (
  <RequirePermission permission="ledger.read">
    <ActivityPage />
  </RequirePermission>
);
const exposure = (
  <RequirePermission permission="ledger.read">
    <ExposurePage />
  </RequirePermission>
);
const person = (
  <RequirePermission permission="ledger.read">
    <PersonPage />
  </RequirePermission>
);
const roomHistory = (
  <RequirePermission permission="ledger.read">
    <RoomHistoryPage />
  </RequirePermission>
);
const operatorHistory = (
  <RequirePermission permission="ledger.read">
    <OperatorHistoryPage />
  </RequirePermission>
);

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
    dashboard={HomePage}
    catchAll={NotFound}
    accessDenied={NoAccess}
    requireAuth
    disableTelemetry
  >
    <Resource name="rooms" recordRepresentation="name" {...rooms} />
    <Resource name="users" recordRepresentation="name" {...users} />
    <Resource name="role-templates" recordRepresentation="name" {...roleTemplates} />
    <Resource name="assignments" {...assignments} />
    <Resource name="operators" recordRepresentation="email" {...operators} />
    <Resource name="access-roles" {...accessRoles} />
    <Resource name="alarms" {...alarms} />
    <Resource name="api-keys" recordRepresentation="name" {...apiKeys} />
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
      <Route path="/issuances/:id?" element={issuances} />
      <Route path="/activity/:id?" element={activity} />
      <Route
        path="/integrity"
        element={
          <RequirePermission permission="ledger.read">
            <IntegrityPage />
          </RequirePermission>
        }
      />
      <Route
        path="/retention"
        element={
          <RequirePermission permission="ledger.read" isForAllRooms>
            <RetentionPage />
          </RequirePermission>
        }
      />
      <Route path="/exposure" element={exposure} />
      <Route path="/people/:identity" element={person} />
      <Route path="/rooms/:name/history" element={roomHistory} />
      <Route path="/operators/:id/history" element={operatorHistory} />
      <Route path="/status" element={<StatusPage />} />
      <Route path="/account" element={<AccountPage />} />
    </CustomRoutes>
  </Admin>
);
