export interface Credentials {
  email: string;
  password: string;
}

/** An answer's body: what tests look at, checked by their expectations. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any;

/** The API as its signed-in caller sees it: sets the scene for what is then done by hand. */
export class Api {
  private constructor(
    readonly url: string,
    readonly cookie: string,
  ) {}

  static async signIn(url: string, { email, password }: Credentials): Promise<Api> {
    const response = await fetch(`${url}/api/v1/session`, {
      method: 'POST',
      headers: { origin: url, 'content-type': 'application/json' },
      body: JSON.stringify({ email, password }),
    });
    if (!response.ok) throw new Error(`sign-in of ${email}: ${response.status}`);
    return new Api(url, response.headers.get('set-cookie')?.split(';', 1)[0] ?? '');
  }

  get(path: string): Promise<Json> {
    return this.send('GET', path);
  }

  post(path: string, body: unknown = {}): Promise<Json> {
    return this.send('POST', path, body);
  }

  put(path: string, body: unknown): Promise<Json> {
    return this.send('PUT', path, body);
  }

  delete(path: string): Promise<Json> {
    return this.send('DELETE', path);
  }

  private async send(method: string, path: string, body?: unknown): Promise<Json> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        cookie: this.cookie,
        origin: this.url,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }
}
