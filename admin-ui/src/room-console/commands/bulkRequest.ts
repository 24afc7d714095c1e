export type BulkAction =
  'promote' | 'demote' | 'block' | 'unblock' | 'remove' | 'mute' | 'hold' | 'release';

/** One act on several people, as the server takes it. */
export interface BulkRequest {
  action: BulkAction;
  template?: string;
  sources?: string[];
  for?: string | number;
  reason?: string;
  identities: string[];
  asOf?: string;
}
