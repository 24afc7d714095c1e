/** For the Node processes that a test starts: `npm test` gives them a common cache of compiled sources. */
export const COMPILE_CACHE: Readonly<Record<string, string>> = process.env['NODE_COMPILE_CACHE']
  ? { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] }
  : {};
