import {
  type Answer,
  type Credential,
  type Json,
  type LedgerRow,
  startTestApp,
  type TestApp,
} from './test-app.js';
import { completeGrants, type PartialGrants } from '../../src/grants/role-grants.js';

/** An app whose tests issue tokens. */
export interface IssuingApp {
  readonly app: TestApp;
  /** An API key that issues what policy gives, in every room. */
  readonly backend: Credential;
  issue(body: object, as?: Credential, headers?: Record<string, string>): Promise<Answer<Json>>;
  preview(body: object, as?: Credential): Promise<Answer<Json>>;
  /** A room where everyone has the template, and a known user. */
  newScene(template?: string | null): Promise<{ room: string; user: string; identity: string }>;
  templateOf(grants: PartialGrants): Promise<string>;
  entriesOf(kind: string, identity: string): Promise<LedgerRow[]>;
}

export async function startIssuingApp(): Promise<IssuingApp> {
  const app = await startTestApp();
  const backend = await app.newApiKey(['token.issue', 'token.preview']);
  return {
    app,
    backend,
    issue: (body, as = backend, headers = {}) =>
      app.inject('POST', '/api/v1/tokens', { as, body, headers }),
    preview: (body, as = backend) => app.inject('POST', '/api/v1/tokens/preview', { as, body }),
    newScene: async (template = 'speaker') => {
      const room = await app.newRoom({ default_template: template });
      const { id, identity } = await app.newUser({ name: 'Ana' });
      return { room, user: id, identity };
    },
    templateOf: (grants) => app.newTemplate(completeGrants(grants)),
    entriesOf: async (kind, identity) =>
      (await app.ledger(kind)).filter((entry) => entry.identity === identity),
  };
}

/** The claims of a token, whose signature is not checked. */
export function claimsOf(token: string): Json {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
}
