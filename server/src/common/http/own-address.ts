/**
 * Whether a browser that is at `origin` is at our own address. That is PUBLIC_URL; where it is a
 * loopback address, any spelling of it at that port is ours as well (localhost, 127.0.0.1).
 */
export function isOwnAddress(origin: string, publicUrl: string): boolean {
  if (!URL.canParse(origin) || !URL.canParse(publicUrl)) return false;
  const at = new URL(origin);
  const own = new URL(publicUrl);
  if (at.origin === own.origin) return true;
  return isLoopback(own.hostname) && isLoopback(at.hostname) && at.protocol === own.protocol;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
