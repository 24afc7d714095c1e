import type { BulkRequest as AnyBulkRequest } from '@rolecall/server/api';

/** One act on the people who are named. */
export type BulkRequest = Omit<AnyBulkRequest, 'identities' | 'filter'> & { identities: string[] };
