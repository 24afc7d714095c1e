import { z } from 'zod';
import { statusOf } from '../common/errors/app-error.js';
import { kindsOf, type ProblemCode, PROBLEMS } from '../common/errors/problems.js';
import type { Route } from './route-table.js';
import { jsonContentOf } from '../common/http/lists.js';
import { version } from '../common/version.js';

type Json = Record<string, unknown>;

const PROBLEM: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
  properties: {
    type: { type: 'string', description: 'A URI of this kind of problem, made from `code`.' },
    title: { type: 'string', description: 'The kind of problem in a few words.' },
    status: { type: 'integer', description: 'The HTTP status.' },
    detail: { type: 'string', description: 'What happened this time, as a sentence.' },
    code: { type: 'string', description: 'The kind of problem; stable, for programs.' },
    requestId: {
      type: 'string',
      description: 'The `X-Request-Id` of the request, which log and ledger repeat.',
    },
    errors: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'What is wrong with each field, by the name of the field.',
    },
  },
};

const ABOUT = `Roles and permissions for LiveKit rooms: tokens, live promotions, and their log.

**Who calls.** Operators send the session cookie of \`POST /api/v1/session\`. Machines send an API key as \`Authorization: Bearer rck_…\`. Participants send the LiveKit token of their room, on their own routes only. End users send the JWT of your application, at \`POST /livekit/token\` only. \`x-access\` of each operation says what it needs.

**Lists** take \`sort=["name","ASC"]\`, \`range=[0,24]\` and \`filter={"q":"ana"}\`, and answer with \`Content-Range\`. The ledger and the targets of bulk operations page by \`cursor\` and \`limit\`.

**Retries.** Every operation that changes something takes an \`Idempotency-Key\`: a repetition gets the first answer, and a token only while it may still be given. Updates take \`If-Match\` with the \`ETag\` that was read.

**Problems** are \`application/problem+json\` (RFC 9457). \`code\` is stable; each operation lists its codes by status.`;

/** Example values of path parameters. */
const PATH_EXAMPLES: Readonly<Record<string, unknown>> = {
  room: 'town-hall',
  identity: 'ana-91',
  key: 'speaker',
  n: 3,
  id: '5f0c1f9e-6a53-4c1e-9d3b-0a4f6a1f2b7c',
};

/** What a success of this status means. */
const ANSWERS: Readonly<Record<number, string>> = {
  201: 'Created.',
  202: 'Accepted; it runs in the background.',
  204: 'Done; the answer has no body.',
};

/** Path parameters of routes that pass them on, or do not read them. */
const UNCHECKED_PARAMETERS: Readonly<Record<string, string>> = {
  room: 'The name of the room.',
  id: 'The id of the record.',
  path: 'The rest of the address, as LiveKit gave it.',
};

/** OpenAPI 3.1 of exactly the routes that are served: it is made from them. */
export function buildOpenApi(routes: Route[], serverUrl: string): Json {
  const idOf = operationIds(routes);
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    if (route.controller === 'UiController') continue; // pages, not API
    const path = route.path.replace(/:(\w+)/g, '{$1}').replace('*', '{path}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operationOf(route, idOf(route));
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Rolecall',
      version,
      description: ABOUT,
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: serverUrl }],
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'rolecall' },
        apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'rck_…' },
        participant: { type: 'http', scheme: 'bearer', bearerFormat: 'LiveKit token of the room' },
        endUser: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT of your own application' },
      },
    },
  };
}

/** Operation ids are unique: a handler of several paths gets one id for each. */
function operationIds(routes: Route[]): (route: Route) => string {
  const nameOf = ({ controller, handler }: Route) =>
    `${controller.replace(/Controller$/, '')}.${handler}`;
  const names = routes.map(nameOf);
  return (route) => {
    const name = nameOf(route);
    if (names.indexOf(name) === names.lastIndexOf(name)) return name;
    return `${name}${route.path.replace(/[^a-z0-9]+/gi, '.').replace(/\.$/, '')}${route.path.endsWith('*') ? '.path' : ''}`;
  };
}

function operationOf(route: Route, operationId: string): Json {
  const body = route.parameters.find((p) => p.kind === 'body' && p.schema);
  const { summary, description, example } = route.doc ?? {};
  return {
    operationId,
    summary,
    description,
    tags: [tagOf(route)],
    'x-access': describeRule(route),
    security: securityOf(route),
    parameters: [...pathParameters(route), ...queryParameters(route)],
    ...(body
      ? {
          requestBody: {
            required: !isOptional(body.schema),
            content: { 'application/json': { schema: schemaOf(body.schema, 'input'), example } },
          },
        }
      : {}),
    responses: {
      [route.successStatus]: {
        description: ANSWERS[route.successStatus] ?? 'The answer.',
        ...(route.answer
          ? { content: { 'application/json': { schema: schemaOf(route.answer, 'output') } } }
          : {}),
      },
      ...problemResponses(route),
      default: {
        description: 'Any other problem (RFC 9457).',
        content: {
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        },
      },
    },
  };
}

/** `RoleTemplatesController` → "Role templates". */
function tagOf({ controller }: Route): string {
  const [first = '', ...others] = controller
    .replace(/Controller$/, '')
    .split(/(?<=[a-z])(?=[A-Z])/);
  return [first, ...others.map((word) => word.toLowerCase())].join(' ').replace(/\bapi\b/i, 'API');
}

/** Those of the operation itself, and those of every operation with such a rule and such input. */
export function problemsOf(route: Route): ProblemCode[] {
  const { rule, method, parameters, doc } = route;
  const codes = new Set<ProblemCode>(doc?.errors);
  const kinds = parameters.filter((p) => p.schema).map(({ kind }) => kind);
  if (kinds.length > 0) codes.add('request.invalid');
  if (kinds.includes('body')) {
    codes.add('request.malformed_json').add('request.too_large');
    codes.add('request.unsupported_media_type');
  }
  if (!rule || rule.kind === 'public') return [...codes];
  codes.add('request.rate_limited').add('database.unavailable');
  if (rule.kind === 'participant') {
    return [...codes.add('participant.proof_required').add('participant.other_room')];
  }
  codes.add('auth.required');
  if (rule.kind !== 'signed_in') codes.add('access.denied');
  else if (rule.isForOperators) codes.add('auth.operators_only');
  if (rule.kind === 'permission' && rule.roomParam) codes.add('room.not_found');
  if (rule.kind === 'permission' && rule.isForEndUsers) {
    codes.add('auth.user_token_invalid').add('auth.user_keys_unavailable');
  }
  if (method !== 'GET') {
    codes.add('request.wrong_origin');
    codes.add('idempotency.in_progress').add('idempotency.other_request');
  }
  return [...codes];
}

function problemResponses(route: Route): Json {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of problemsOf(route).sort()) {
    for (const status of kindsOf(code).map(statusOf)) {
      byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
    }
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code][1]}`).join('\n\n'),
        content: {
          'application/problem+json': {
            schema: {
              allOf: [
                { $ref: '#/components/schemas/Problem' },
                { properties: { code: { enum: codes } } },
              ],
            },
          },
        },
      },
    ]),
  );
}

function securityOf({ rule }: Route): Json[] {
  if (rule?.kind === 'public') return [];
  if (rule?.kind === 'participant') return [{ participant: [] }];
  const isForEndUsers = rule?.kind === 'permission' && rule.isForEndUsers;
  return [{ session: [] }, { apiKey: [] }, ...(isForEndUsers ? [{ endUser: [] }] : [])];
}

/** `permission room.read in :room`, `signed in`, `public: why`; also the lines of the route table. */
export function describeRule({ rule }: Pick<Route, 'rule'>): string {
  if (!rule) return 'none';
  if (rule.kind === 'public') return `public: ${rule.why}`;
  if (rule.kind === 'signed_in') return rule.isForOperators ? 'signed in operator' : 'signed in';
  if (rule.kind === 'participant') return `participant of :${rule.roomParam}`;
  if (rule.kind === 'any_permission') return `one of ${rule.permissions.join(', ')}`;
  const { permission, roomParam, isEverywhere, byField, isForEndUsers } = rule;
  const where = isEverywhere ? ' in all rooms' : roomParam ? ` in :${roomParam}` : '';
  const others = isForEndUsers ? ' or an end user’s own JWT' : '';
  return `permission ${permission}${byField ? ` and that of its ${byField.field}` : ''}${where}${others}`;
}

function pathParameters(route: Route): Json[] {
  const schema = route.parameters.find((p) => p.kind === 'param')?.schema;
  const properties = (schema ? schemaOf(schema, 'input').properties : {}) as Record<string, Json>;
  const names = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name as string);
  if (route.path.includes('*')) names.push('path');
  const propertyOf = (name: string) => properties?.[name === 'path' ? '*' : name];
  return names.map((name) => ({
    name,
    in: 'path',
    required: true,
    description: propertyOf(name)?.description ?? UNCHECKED_PARAMETERS[name],
    schema: propertyOf(name) ?? { type: 'string' },
    ...(name in PATH_EXAMPLES ? { example: PATH_EXAMPLES[name] } : {}),
  }));
}

function queryParameters(route: Route): Json[] {
  const schema = route.parameters.find((p) => p.kind === 'query')?.schema;
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  const shape = schema instanceof z.ZodObject ? (schema.shape as Record<string, z.ZodType>) : {};
  return Object.entries(properties).map(([name, { description, ...property }]) => {
    const json = shape[name] && jsonContentOf(shape[name]);
    return {
      name,
      in: 'query',
      required: required.includes(name),
      description,
      ...(json
        ? { content: { 'application/json': { schema: schemaOf(json, 'input') } } }
        : { schema: property }),
    };
  });
}

function isOptional(schema: unknown): boolean {
  return (schema as z.ZodType).safeParse({}).success;
}

function schemaOf(schema: unknown, io: 'input' | 'output'): Json {
  const { $schema, ...json } = z.toJSONSchema(schema as z.ZodType, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'date') {
        jsonSchema.type = 'string';
        jsonSchema.format = 'date-time';
      }
      // The viewer cannot show it, and a tuple's `maxItems` says the same.
      if (jsonSchema.items === false) delete jsonSchema.items;
      liftDescription(jsonSchema);
    },
  });
  return json;
}

/** `x.nullable()` keeps the description of `x` on the inside; readers look for it on the field. */
function liftDescription(json: Json): void {
  const alternatives = json.anyOf as Json[] | undefined;
  const [described, ...others] = alternatives?.filter(({ description }) => description) ?? [];
  if (json.description || !described || others.length > 0) return;
  json.description = described.description;
}
