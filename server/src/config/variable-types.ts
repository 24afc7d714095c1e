import { z } from 'zod';
import { parseTtl } from '../grants/ttl.js';
import { postgresUrlProblem } from './postgres-url.js';
import { parseOrigin, parsePublicKey } from './user-jwt.js';

export const duration = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      try {
        return parseTtl(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message });
        return z.NEVER;
      }
    });

/** Null: `off`. */
export const optionalDuration = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context): number | null => {
      if (text === 'off') return null;
      try {
        return parseTtl(text);
      } catch (error) {
        context.addIssue({ code: 'custom', message: (error as Error).message });
        return z.NEVER;
      }
    });

export const url = (protocols: string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    message: `must be a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`,
  });

export const rate = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      const match = /^(\d{1,7})\/(\d{1,5})s$/.exec(text);
      if (!match || Number(match[1]) < 1 || Number(match[2]) < 1) {
        context.addIssue({
          code: 'custom',
          message: 'must look like 600/10s (requests / seconds)',
        });
        return z.NEVER;
      }
      return { points: Number(match[1]), seconds: Number(match[2]) };
    });

/** A file that a secret comes from often ends in a line break, with which no signature is right. */
export const credential = () =>
  z.string().refine((text) => text.trim() === text, {
    message: 'begins or ends with white space, perhaps a line break: remove it',
  });

export const origins = z
  .string()
  .default('')
  .transform((text, context) => {
    const given = text.split(',').filter((one) => one.trim() !== '');
    return given.map((one) => {
      const origin = parseOrigin(one);
      if (origin !== null) return origin;
      const example = 'https://app.example.com';
      context.addIssue({
        code: 'custom',
        message: `${one.trim().slice(0, 100)} is no origin; write scheme, host and port, like ${example}`,
      });
      return z.NEVER;
    });
  });

/** Patterns of room names. */
export const roomPatterns = z
  .string()
  .default('*')
  .transform((text) => text.split(',').map((one) => one.trim()))
  .refine((patterns) => patterns.every((one) => one !== ''), {
    message: 'must be names or patterns of rooms with commas between them, like town-*,lab',
  });

export const publicKey = z.string().transform((text, context) => {
  try {
    return parsePublicKey(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

export const postgresUrl = z.string().superRefine((text, context) => {
  const message = postgresUrlProblem(text);
  if (message) context.addIssue({ code: 'custom', message });
});
export const liveKitUrl = url(['ws:', 'wss:', 'http:', 'https:']);

export function isBareOrigin(address: URL): boolean {
  return address.pathname === '/' && isBareAddress(address);
}

export function isBareAddress({ search, hash, username, password }: URL): boolean {
  return search === '' && hash === '' && username === '' && password === '';
}
