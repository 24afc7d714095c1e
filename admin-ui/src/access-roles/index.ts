import { lazyPage } from '../layout/lazyPage';

export default {
  list: lazyPage(async () => (await import('./AccessRoleMatrix')).AccessRoleMatrix),
};
