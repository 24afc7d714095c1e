/** What the dashboard uses of the pure core. Free of zod and of Node, so that it stays small there. */
export * from './ceiling.js';
export * from './compile-grant.js';
export * from './describe.js';
export * from './diff.js';
export * from './effects.js';
export * from './fold-text.js';
export * from './grant-catalogue.js';
export * from './lint.js';
export * from './names.js';
export { matchesPattern, patternContains, specificity } from './pattern.js';
export type * from './policy.js';
export * from './presets.js';
export * from './resolve.js';
export * from './role-grants.js';
export * from './scene.js';
export * from './silencing.js';
export * from './ttl.js';
export * from './withhold.js';
