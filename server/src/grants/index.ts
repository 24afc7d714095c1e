/** What the dashboard uses of the pure core. Free of zod and of Node, so that it stays small there. */
export * from './compile-grant.js';
export * from './grant-catalogue.js';
export * from './names.js';
export type * from './policy.js';
export * from './role-grants.js';
export * from './ttl.js';
