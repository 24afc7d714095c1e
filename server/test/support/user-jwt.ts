import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type GenerateKeyPairResult,
  type JWTPayload,
  SignJWT,
} from 'jose';

export const ISSUER = 'https://accounts.example.com/';
export const AUDIENCE = 'rolecall';

/** An application that signs its users' JWTs, and publishes its keys where it is told to. */
export class UserIssuer {
  private constructor(
    private readonly algorithm: string,
    private readonly pair: GenerateKeyPairResult,
    readonly kid: string,
  ) {}

  static async create(algorithm = 'ES256', kid = 'k1'): Promise<UserIssuer> {
    return new UserIssuer(algorithm, await generateKeyPair(algorithm, { extractable: true }), kid);
  }

  /** Valid for five minutes unless the claims say otherwise; a claim that is `undefined` is left out. */
  sign(claims: JWTPayload = {}, header: Record<string, unknown> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const all = { iss: ISSUER, aud: AUDIENCE, iat: now, exp: now + 300, ...claims };
    return new SignJWT(JSON.parse(JSON.stringify(all)) as JWTPayload)
      .setProtectedHeader({ alg: this.algorithm, kid: this.kid, ...header })
      .sign(this.pair.privateKey);
  }

  pem(): Promise<string> {
    return exportSPKI(this.pair.publicKey);
  }

  async jwk(): Promise<object> {
    return { ...(await exportJWK(this.pair.publicKey)), kid: this.kid, alg: this.algorithm };
  }
}

/** A server of public keys that can go away, come back, and change them. */
export class KeyServer {
  keys: object[] = [];
  asked = 0;
  private server: Server | null = null;
  private port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.port}/jwks.json`;
  }

  async start(): Promise<void> {
    this.server = createServer((_request, response) => {
      this.asked += 1;
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ keys: this.keys }));
    });
    await new Promise<void>((resolve) =>
      this.server?.listen(this.port, '127.0.0.1', () => resolve()),
    );
    this.port = (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = null;
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  }
}
