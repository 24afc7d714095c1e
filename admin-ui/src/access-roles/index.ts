import { lazyPage } from '../shared/lazyPage';

export default {
  list: lazyPage(async () => (await import('./AccessRoleMatrix')).AccessRoleMatrix),
};
