import { lazyPage } from '../shared/lazyPage';

export default {
  list: lazyPage(async () => (await import('./TemplateList')).TemplateList),
  create: lazyPage(async () => (await import('./TemplateCreate')).TemplateCreate),
  edit: lazyPage(async () => (await import('./TemplatePage')).TemplatePage),
};
