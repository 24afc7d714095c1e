/** `__Host-` binds the cookie to this very host and path, and browsers accept it over https only. */
export function cookieName(publicUrl: string): string {
  return publicUrl.startsWith('https:') ? '__Host-rolecall' : 'rolecall';
}

/** A browser is known for so long after it has signed in. */
export const DEVICE_SECONDS = 180 * 24 * 3600;

/** Says which browser it is, and signs nobody in. */
export function deviceCookieName(publicUrl: string): string {
  return `${ownCookieName(publicUrl)}-device`;
}

/**
 * A cookie is sent to every port of its host: two installations on one host would sign each other
 * out. So the session is in a second cookie as well, whose name carries the port.
 */
function ownCookieName(publicUrl: string): string {
  const { port, protocol } = new URL(publicUrl);
  return `${cookieName(publicUrl)}-${port || (protocol === 'https:' ? '443' : '80')}`;
}

export function sessionCookies(
  publicUrl: string,
  secret: string,
  maxAgeSeconds: number,
): [string, string] {
  return [
    cookie(publicUrl, cookieName(publicUrl), secret, maxAgeSeconds),
    cookie(publicUrl, ownCookieName(publicUrl), secret, maxAgeSeconds),
  ];
}

/** The session's secret; of two cookies, the one of this installation. */
export function readSessionCookie(header: string | undefined, publicUrl: string): string | null {
  return readCookie(header, ownCookieName(publicUrl)) ?? readCookie(header, cookieName(publicUrl));
}

export function deviceCookie(publicUrl: string, secret: string): string {
  return cookie(publicUrl, deviceCookieName(publicUrl), secret, DEVICE_SECONDS);
}

function cookie(publicUrl: string, name: string, value: string, maxAgeSeconds: number): string {
  const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}${secure}`;
}

export function clearedCookies(publicUrl: string): [string, string] {
  return sessionCookies(publicUrl, '', 0);
}

export function readCookie(header: string | undefined, name: string): string | null {
  if (!header) return null;
  for (const part of header.split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim() || null;
  }
  return null;
}
