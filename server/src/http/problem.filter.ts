import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Injectable,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { constraintError, rootCause, unavailableOn } from '../database/database-errors.js';
import { AppLogger } from '../common/app-logger.js';
import { CauseLog } from '../common/cause-log.js';
import { AppError, statusOf } from '../common/errors/app-error.js';

const TITLES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

/** Every error leaves as RFC 9457 `application/problem+json`; what we did not expect as a bare 500. */
@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  private readonly causes = new CauseLog();

  constructor(private readonly logger: AppLogger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    if (reply.sent || reply.raw.headersSent) return;
    const problem = toProblem(thrown, request.id);
    if (problem.body.status >= 500 && problem.body.code === 'internal') {
      this.logger.error('request failed unexpectedly', {
        requestId: request.id,
        method: request.method,
        route: request.routeOptions?.url,
        error: thrown,
      });
    }
    if (problem.body.status === 503 && problem.body.code !== 'start.not_ready')
      this.logCause(thrown, problem.body, request);
    if (problem.retryAfter) reply.header('Retry-After', String(problem.retryAfter));
    void reply
      .status(problem.body.status)
      .header('Content-Type', 'application/problem+json; charset=utf-8')
      .header('Cache-Control', 'no-store')
      .send(JSON.stringify(problem.body));
  }

  /** A dependency that is down fails every request for the same reason, which is worth one line. */
  private logCause(thrown: unknown, { code, detail }: Problem, request: FastifyRequest): void {
    const cause = rootCause(thrown).message;
    const suppressed = this.causes.count(`${code}: ${cause}`);
    if (suppressed === null) return;
    this.logger.warn('a request was answered 503', {
      code,
      detail,
      cause,
      ...(suppressed > 0 ? { alsoSince: suppressed } : {}),
      requestId: request.id,
      method: request.method,
      route: request.routeOptions?.url,
    });
  }
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  requestId: string;
  errors?: Record<string, string>;
  [member: string]: unknown;
}

export function toProblem(
  thrown: unknown,
  requestId: string,
): { body: Problem; retryAfter?: number } {
  const error = constraintError(unavailableOn(thrown));
  if (error instanceof AppError) {
    const status = statusOf(error.kind);
    return {
      body: {
        ...error.options.extra,
        type: `urn:rolecall:${error.code}`,
        title: TITLES[status] ?? 'Error',
        status,
        detail: error.message,
        code: error.code,
        requestId,
        ...(error.options.errors ? { errors: error.options.errors } : {}),
      },
      retryAfter: error.options.retryAfter ?? (status === 503 ? 2 : undefined),
    };
  }
  const status = statusFromFramework(error);
  const code = status === 500 ? 'internal' : (CODES[status] ?? 'request.invalid');
  return {
    body: {
      type: `urn:rolecall:${code}`,
      title: TITLES[status] ?? 'Error',
      status,
      detail: DETAILS[status] ?? 'Something went wrong on our side. Tell us the request id.',
      code,
      requestId,
    },
  };
}

const CODES: Record<number, string> = {
  404: 'route.not_found',
  405: 'route.method_not_allowed',
  408: 'request.timeout',
  413: 'request.too_large',
  414: 'request.url_too_long',
  415: 'request.unsupported_media_type',
  431: 'request.headers_too_large',
};

const DETAILS: Record<number, string> = {
  400: 'The request cannot be read.',
  404: 'There is nothing at this address.',
  405: 'This address does not take that method.',
  408: 'The request did not come in time.',
  413: 'The body is too large.',
  414: 'A part of the address is too long.',
  415: 'Send JSON with "Content-Type: application/json".',
  431: 'The headers are too large.',
};

/** Nest's and Fastify's own errors (malformed URLs, too large bodies, unknown routes). */
function statusFromFramework(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode, code } = error as { statusCode?: number; code?: string };
  if (typeof statusCode === 'number' && code?.startsWith('FST_') && statusCode < 500) {
    return statusCode;
  }
  return 500;
}
