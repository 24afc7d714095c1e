import { type ComponentType, lazy } from 'react';

/** A page in its own chunk. Wrapped, so that the module may itself export a lazy component. */
export function lazyPage<P extends object = object>(load: () => Promise<ComponentType<P>>) {
  return lazy(async () => {
    const Page = await load();
    return { default: (props: P) => <Page {...props} /> };
  });
}
