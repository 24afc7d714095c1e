import { Inject, Injectable, type LoggerService } from '@nestjs/common';
import pino from 'pino';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { type LogLines, stderrLines } from './log-lines.js';
import { toLogText } from './log-text.js';

/** What must never be in a log line, whatever object it hangs from. */
const SECRET_KEYS = [
  'token',
  'password',
  'secret',
  'authorization',
  'cookie',
  'x-rolecall-token',
  'key',
  'apiKey',
  'apiSecret',
];
/** What the log says of a request. Nothing in it is what somebody typed. */
interface AnsweredRequest {
  readonly requestId: string;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly ms: number;
}

const TOKEN_LIKE = /eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*|rck_[\w-]{10,}/g;

/**
 * One line per entry on stderr: a constant message, the data beside it. On a terminal it is text for
 * people, where requests are told only when asked for; elsewhere it is JSON.
 */
@Injectable()
export class AppLogger implements LoggerService {
  private readonly pino: pino.Logger;
  /** Without a search for secrets, which takes longer than the line: its fields are fixed. */
  private readonly requests: pino.Logger;

  private readonly requestLevel: 'info' | 'debug';

  constructor(@Inject(APP_CONFIG) config: AppConfig) {
    const isText = (config.logFormat ?? (process.stderr.isTTY ? 'text' : 'json')) === 'text';
    this.requestLevel = (config.isLoggingRequests ?? !isText) ? 'info' : 'debug';
    const { now, together } = isText ? textOutput() : stderrLines();
    const options: pino.LoggerOptions = {
      level: config.logLevel,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    };
    this.requests = pino(options, together);
    this.pino = pino(
      {
        ...options,
        redact: {
          paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]),
          censor: '[redacted]',
        },
        serializers: { error: describeError },
      },
      now,
    );
  }

  /** A request that was answered. Probes are logged only at the level `debug`. */
  request(data: AnsweredRequest, isProbe: boolean): void {
    this.requests[isProbe ? 'debug' : this.requestLevel](data, 'request');
  }

  log(message: unknown, data?: unknown): void {
    this.pino.info(asObject(data), textOf(message));
  }
  warn(message: unknown, data?: unknown): void {
    this.pino.warn(asObject(data), textOf(message));
  }
  error(message: unknown, data?: unknown): void {
    this.pino.error(asObject(data), textOf(message));
  }
  debug(message: unknown, data?: unknown): void {
    this.pino.debug(asObject(data), textOf(message));
  }
  verbose(message: unknown, data?: unknown): void {
    this.pino.trace(asObject(data), textOf(message));
  }
}

/** Requests are in it only when asked for. */
function textOutput(): Pick<LogLines, 'now' | 'together'> {
  const isColoured =
    (process.stderr.isTTY || Boolean(process.env['FORCE_COLOR'])) && !process.env['NO_COLOR'];
  const now = { write: (line: string) => void process.stderr.write(toLogText(line, isColoured)) };
  return { now, together: now };
}

function asObject(data: unknown): object {
  if (data === undefined) return {};
  if (typeof data === 'object' && data !== null) return data;
  return { context: typeof data === 'string' ? clean(data) : data };
}

/** Nest hands over errors and objects as well, above all when the application cannot be built. */
function textOf(message: unknown): string {
  if (message instanceof Error) return clean(message.stack ?? message.message);
  return clean(typeof message === 'string' ? message : (JSON.stringify(message) ?? ''));
}

function clean(text: string): string {
  return text.replace(TOKEN_LIKE, '[redacted]');
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return clean(String(error));
  return {
    type: error.name,
    message: clean(error.message),
    code: (error as { code?: unknown }).code,
    stack: clean(error.stack ?? ''),
    cause: error.cause === undefined ? undefined : describeError(error.cause),
  };
}
