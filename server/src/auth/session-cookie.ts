/** `__Host-` binds the cookie to this very host and path, and browsers accept it over https only. */
export function cookieName(publicUrl: string): string {
  return publicUrl.startsWith('https:') ? '__Host-rolecall' : 'rolecall';
}

export function sessionCookie(publicUrl: string, secret: string, maxAgeSeconds: number): string {
  const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
  return `${cookieName(publicUrl)}=${secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}${secure}`;
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
