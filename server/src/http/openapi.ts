import { z } from 'zod';
import type { Route } from './route-table.js';
import { version } from '../common/version.js';

type Json = Record<string, unknown>;

const PROBLEM: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    requestId: { type: 'string' },
    errors: { type: 'object', additionalProperties: { type: 'string' } },
  },
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
      description:
        'Roles and permissions for LiveKit rooms: tokens, live promotions, and their log.',
    },
    servers: [{ url: serverUrl }],
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'rolecall' },
        apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'rck_…' },
        participant: { type: 'http', scheme: 'bearer', bearerFormat: 'LiveKit token of the room' },
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
  return {
    operationId,
    'x-access': describeRule(route),
    security: securityOf(route),
    parameters: [...pathParameters(route), ...queryParameters(route)],
    ...(body
      ? {
          requestBody: {
            required: !isOptional(body.schema),
            content: { 'application/json': { schema: schemaOf(body.schema, 'input') } },
          },
        }
      : {}),
    responses: {
      [route.successStatus]: {
        description: 'done',
        ...(route.answer
          ? { content: { 'application/json': { schema: schemaOf(route.answer, 'output') } } }
          : {}),
      },
      default: {
        description: 'a problem (RFC 9457)',
        content: {
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        },
      },
    },
  };
}

function securityOf({ rule }: Route): Json[] {
  if (rule?.kind === 'public') return [];
  return rule?.kind === 'participant' ? [{ participant: [] }] : [{ session: [] }, { apiKey: [] }];
}

/** `permission room.read in :room`, `signed in`, `public: why`; also the lines of the route table. */
export function describeRule({ rule }: Pick<Route, 'rule'>): string {
  if (!rule) return 'none';
  if (rule.kind === 'public') return `public: ${rule.why}`;
  if (rule.kind === 'signed_in') return rule.isForOperators ? 'signed in operator' : 'signed in';
  if (rule.kind === 'participant') return `participant of :${rule.roomParam}`;
  if (rule.kind === 'any_permission') return `one of ${rule.permissions.join(', ')}`;
  const { permission, roomParam, isEverywhere, byField } = rule;
  const where = isEverywhere ? ' in all rooms' : roomParam ? ` in :${roomParam}` : '';
  return `permission ${permission}${byField ? ` and that of its ${byField.field}` : ''}${where}`;
}

function pathParameters(route: Route): Json[] {
  const schema = route.parameters.find((p) => p.kind === 'param')?.schema;
  const properties = (schema ? schemaOf(schema, 'input').properties : {}) as Record<string, Json>;
  const names = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name as string);
  if (route.path.includes('*')) names.push('path');
  return names.map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: properties?.[name] ?? { type: 'string' },
  }));
}

function queryParameters(route: Route): Json[] {
  const schema = route.parameters.find((p) => p.kind === 'query')?.schema;
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: property,
  }));
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
    },
  });
  return json;
}
