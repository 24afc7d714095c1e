import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { ANSWER_SCHEMA, API_DOC, type OperationDoc } from '../common/http/api-docs.js';
import { ACCESS_RULE, type AccessRule } from '../actor/access.decorators.js';
import { DIRECT } from '../actor/direct.js';

export interface Route {
  method: string;
  path: string;
  rule: AccessRule | undefined;
  controller: string;
  handler: string;
  /** `@Body`, `@Query` and `@Param` arguments with their schemas. */
  parameters: { kind: 'body' | 'query' | 'param'; name: string | null; schema: unknown }[];
  answer: unknown;
  doc: OperationDoc | undefined;
  successStatus: number;
  /** It runs without Nest's pipeline. */
  isDirect: boolean;
  call: (...given: unknown[]) => unknown;
}

/** Nest's numbers of the argument kinds that carry what a client sent. */
const KINDS: Record<string, 'body' | 'query' | 'param'> = { 3: 'body', 4: 'query', 5: 'param' };

/** Every route of the app, read from the controllers themselves. */
export function readRoutes(discovery: DiscoveryService, scanner: MetadataScanner): Route[] {
  const routes: Route[] = [];
  for (const { metatype, instance } of discovery.getControllers()) {
    if (!instance || !metatype) continue;
    const prototype = Object.getPrototypeOf(instance) as object;
    const base =
      [Reflect.getMetadata(PATH_METADATA, metatype) as string | string[]].flat()[0] ?? '';
    for (const name of scanner.getAllMethodNames(prototype)) {
      const handler = (prototype as Record<string, object>)[name];
      if (!handler || Reflect.getMetadata(METHOD_METADATA, handler) === undefined) continue;
      const method = RequestMethod[
        Reflect.getMetadata(METHOD_METADATA, handler) as number
      ] as string;
      const paths = [Reflect.getMetadata(PATH_METADATA, handler) as string | string[]].flat();
      for (const path of paths) {
        routes.push({
          method,
          path: joinPath(base, path),
          rule: Reflect.getMetadata(ACCESS_RULE, handler) as AccessRule | undefined,
          controller: (metatype as Type).name,
          handler: name,
          parameters: parametersOf(metatype as Type, name),
          answer: Reflect.getMetadata(ANSWER_SCHEMA, handler),
          doc: Reflect.getMetadata(API_DOC, handler) as OperationDoc | undefined,
          successStatus:
            (Reflect.getMetadata('__httpCode__', handler) as number | undefined) ??
            (method === 'POST' ? 201 : 200),
          isDirect: Reflect.getMetadata(DIRECT, handler) === true,
          call: (handler as Route['call']).bind(instance),
        });
      }
    }
  }
  return routes.sort((a, b) => (a.path === b.path ? cmp(a.method, b.method) : cmp(a.path, b.path)));
}

/** Stops the start when a route has no access rule, or takes input that no schema checks (rule 6). */
export function assertEveryRouteHasARule(routes: Route[]): void {
  const problems = routes.flatMap((route) => {
    const where = `${route.method} ${route.path} (${route.controller}.${route.handler})`;
    const unchecked = route.parameters.filter((p) => !p.schema && !isRawBodyRoute(route, p.kind));
    return [
      ...(route.rule ? [] : [`${where} declares no access rule`]),
      ...unchecked.map((p) => `${where} takes a ${p.kind} without a schema`),
    ];
  });
  if (problems.length > 0) {
    throw new Error(`Rolecall does not start:\n  - ${problems.join('\n  - ')}`);
  }
}

/** LiveKit's webhooks are checked by signature over the raw bytes, before any parsing. */
function isRawBodyRoute(route: Route, kind: string): boolean {
  return kind === 'body' && route.path === '/livekit/webhook';
}

function parametersOf(controller: Type, handler: string): Route['parameters'] {
  const args = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handler) ?? {}) as Record<
    string,
    { data?: unknown; schema?: unknown }
  >;
  return Object.entries(args).flatMap(([key, { data, schema }]) => {
    const kind = KINDS[key.split(':')[0] as string];
    if (!kind) return [];
    return [{ kind, name: typeof data === 'string' ? data : null, schema }];
  });
}

function joinPath(base: string, path: string): string {
  const joined = `/${base}/${path}`.replace(/\/{2,}/g, '/');
  return joined.length > 1 ? joined.replace(/\/$/, '') : joined;
}

function cmp(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
