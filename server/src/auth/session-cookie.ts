/** `__Host-` binds the cookie to this very host and path, and browsers accept it over https only. */
export function cookieName(publicUrl: string): string {
  return publicUrl.startsWith('https:') ? '__Host-rolecall' : 'rolecall';
}

/** A browser is known for so long after it has signed in. */
export const DEVICE_SECONDS = 180 * 24 * 3600;

/** Says which browser it is, and signs nobody in. */
export function deviceCookieName(publicUrl: string): string {
  return `${cookieName(publicUrl)}-device`;
}

export function sessionCookie(publicUrl: string, secret: string, maxAgeSeconds: number): string {
  return cookie(publicUrl, cookieName(publicUrl), secret, maxAgeSeconds);
}

export function deviceCookie(publicUrl: string, secret: string): string {
  return cookie(publicUrl, deviceCookieName(publicUrl), secret, DEVICE_SECONDS);
}

function cookie(publicUrl: string, name: string, value: string, maxAgeSeconds: number): string {
  const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}${secure}`;
}

export function clearedCookie(publicUrl: string): string {
  return sessionCookie(publicUrl, '', 0);
}

export function readCookie(header: string | undefined, name: string): string | null {
  if (!header) return null;
  for (const part of header.split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim() || null;
  }
  return null;
}
