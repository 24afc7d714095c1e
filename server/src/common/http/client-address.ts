import type { IncomingMessage } from 'node:http';
import { isIP, isIPv4, isIPv6, SocketAddress } from 'node:net';

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;

/** An address in its one spelling, or null for text that is no address. A port behind it is dropped. */
function toAddress(text: string): string | null {
  const [, bracketed] = /^\[([^\]]*)\](?::\d+)?$/.exec(text) ?? [];
  const [, beforePort] = /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text) ?? [];
  const plain = (bracketed ?? beforePort ?? text).split('%', 1)[0] as string;
  if (isIPv4(plain)) return plain;
  if (!isIPv6(plain)) return null;
  const { address } = new SocketAddress({ address: plain, family: 'ipv6' });
  return MAPPED_IPV4.exec(address)?.[1] ?? address;
}

/**
 * What limits count by: an IPv4 address, or the /64 network of an IPv6 address, since one household
 * or machine has all of it. The same for every spelling of an address.
 */
export function networkOf(address: string): string {
  const known = toAddress(address);
  if (known === null || isIP(known) === 4) return known ?? '';
  const [head = '', tail] = known.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? 0 : tail.split(':').length;
    groups.push(...Array.from({ length: 8 - groups.length - after }, () => '0'));
    if (after > 0) groups.push(...tail.split(':'));
  }
  return groups.slice(0, 4).join(':');
}

/** The client behind `hops` trusted proxies. */
export function clientAddress(request: IncomingMessage, hops: number): string {
  const direct = request.socket.remoteAddress ?? '';
  const forwarded = request.headers['x-forwarded-for'];
  if (hops === 0 || typeof forwarded !== 'string') return direct;
  const chain = [...forwardedChain(forwarded), direct];
  return chain.at(-1 - hops) ?? chain[0] ?? direct;
}

/** `X-Forwarded-For` with addresses only: what else a client writes there reaches no log. */
export function forwardedChain(header: string): string[] {
  return header.split(',').map((text) => toAddress(text.trim()) ?? 'unknown');
}
