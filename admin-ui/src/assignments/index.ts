import { lazyPage } from '../shared/lazyPage';

export default {
  list: lazyPage(async () => (await import('./AssignmentList')).AssignmentList),
  create: lazyPage(async () => (await import('./AssignmentCreate')).AssignmentCreate),
  edit: lazyPage(async () => (await import('./AssignmentEdit')).AssignmentEdit),
};
