import { AppError } from '../common/errors/app-error.js';

interface DriverError {
  code?: string;
  constraint?: string;
  message?: string;
}

function driverError(error: unknown): DriverError {
  const e = error as DriverError & { driverError?: DriverError };
  return e?.driverError ?? e ?? {};
}

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
  '57014', // query_canceled: our own time-outs
  '53300', // too_many_connections
  '53100', // disk_full
  '25006', // read-only: a standby
  '55P03', // lock_not_available
  '40P01', // deadlock_detected: the other one goes on, and a second try does too
]);

/** What failed first: the driver's error, without what was wrapped around it. */
export function rootCause(error: unknown): { message: string; code?: string } {
  const e = error as Error & { driverError?: unknown; errors?: unknown[] };
  if (e?.driverError) return rootCause(e.driverError);
  if (e instanceof AggregateError && e.errors.length > 0) return rootCause(e.errors[0]);
  return e instanceof Error && e.cause ? rootCause(e.cause) : e;
}

/** True when the database, not the request, is at fault: the caller should answer 503. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const { code, message = '' } = driverError(error);
  if (code && (CONNECTION_CODES.has(code) || code.startsWith('08'))) return true;
  return (
    /Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed|connection ended|not queryable|Driver not Connected|Cannot use a pool after|has already been released/i.test(
      message,
    ) ||
    (error instanceof AggregateError && error.errors.some(isDatabaseUnavailable))
  );
}

/** The error itself, or an `unavailable` AppError (503) when Postgres is the reason. */
export function unavailableOn(error: unknown): unknown {
  if (!isDatabaseUnavailable(error)) return error;
  return new AppError(
    'unavailable',
    'database.unavailable',
    'The database cannot be reached or is too slow. Nothing was changed; try again in a moment.',
    { retryAfter: 2, cause: error },
  );
}

interface ConstraintMeaning {
  kind: 'conflict' | 'bad_request' | 'not_found';
  code: string;
  field: string;
  text: string;
}

/** The room was deleted while it was worked on. */
const ROOM_IS_GONE: ConstraintMeaning = {
  kind: 'not_found',
  code: 'room.not_found',
  field: 'room',
  text: 'there is no such room',
};

/** What a violated constraint means to the caller. Constraints are named by hand in the migrations. */
const CONSTRAINTS: Record<string, ConstraintMeaning> = {
  uq_operator_email: {
    kind: 'conflict',
    code: 'operator.email_taken',
    field: 'email',
    text: 'another operator signs in with this e-mail',
  },
  uq_app_user_identity: {
    kind: 'conflict',
    code: 'user.identity_taken',
    field: 'identity',
    text: 'this identity is or was in use; identities are never given out twice',
  },
  pk_room: {
    kind: 'conflict',
    code: 'room.name_taken',
    field: 'name',
    text: 'a room with this name exists',
  },
  pk_role_template: {
    kind: 'conflict',
    code: 'role_template.key_taken',
    field: 'key',
    text: 'a role template with this key exists',
  },
  fk_room_default_template: {
    kind: 'bad_request',
    code: 'role_template.not_found',
    field: 'defaultTemplate',
    text: 'no role template has this key',
  },
  fk_room_promote_template: {
    kind: 'bad_request',
    code: 'role_template.not_found',
    field: 'promoteTemplate',
    text: 'no role template has this key',
  },
  fk_assignment_user: {
    kind: 'bad_request',
    code: 'user.not_found',
    field: 'subject',
    text: 'no user has this id',
  },
  fk_assignment_room: {
    kind: 'bad_request',
    code: 'room.not_found',
    field: 'scope',
    text: 'no room has this name',
  },
  fk_assignment_template: {
    kind: 'bad_request',
    code: 'role_template.not_found',
    field: 'template',
    text: 'no role template has this key',
  },
  fk_seat_room: ROOM_IS_GONE,
  fk_stage_limit_room: ROOM_IS_GONE,
  fk_stage_request_room: ROOM_IS_GONE,
  fk_bulk_operation_room: ROOM_IS_GONE,
  fk_scene_room: ROOM_IS_GONE,
  fk_stage_limit_template: {
    kind: 'not_found',
    code: 'role_template.not_found',
    field: 'key',
    text: 'no role template has this key',
  },
  uq_ledger_view_name: {
    kind: 'conflict',
    code: 'ledger_view.name_taken',
    field: 'name',
    text: 'a view with this name exists',
  },
  uq_scene_name: {
    kind: 'conflict',
    code: 'scene.name_taken',
    field: 'name',
    text: 'a scene with this name exists for the same rooms',
  },
  ck_assignment_window: {
    kind: 'bad_request',
    code: 'assignment.window_empty',
    field: 'validUntil',
    text: 'must be later than validFrom',
  },
};

/** Constraint violations become errors that name the field; everything else passes through. */
export function constraintError(error: unknown): unknown {
  const { code, constraint } = driverError(error);
  if (!code?.startsWith('23') || !constraint) return error;
  const meaning = CONSTRAINTS[constraint];
  if (!meaning) return error;
  return new AppError(meaning.kind, meaning.code, `${meaning.field}: ${meaning.text}`, {
    errors: { [meaning.field]: meaning.text },
    cause: error,
  });
}
