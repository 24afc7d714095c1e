import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { z } from 'zod';
import { type Json, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { problemsOf } from './openapi.js';
import { readRoutes, type Route } from './route-table.js';

let app: TestApp;
let document: Json;
let routes: Route[];
let operations: Operation[];

beforeAll(async () => {
  app = await startTestApp();
  document = (await app.inject('GET', '/api/openapi.json')).body;
  routes = readRoutes(
    app.app.get(DiscoveryService, { strict: false }),
    app.app.get(MetadataScanner, { strict: false }),
  ).filter(({ controller }) => controller !== 'UiController'); // pages, not API
  operations = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );
});
afterAll(() => app.stop());

const nameOf = ({ method, path }: Route) => `${method} ${path}`;
const bodyOf = ({ parameters }: Route) =>
  parameters.find(({ kind, schema }) => kind === 'body' && schema)?.schema as z.ZodType | undefined;

interface Operation {
  name: string;
  operation: Json;
}

/** Every schema of the document but those of problems, with where it is. */
function schemasOf(operations: Operation[]): [where: string, schema: Json][] {
  return operations.flatMap(({ name, operation: { parameters, requestBody, responses } }) => [
    ...(parameters as Json[]).map((given): [string, Json] => [
      `${name} ?${given.name}`,
      given.schema ?? given.content['application/json'].schema,
    ]),
    ...[requestBody, ...Object.values<Json>(responses)].flatMap((body, index): [string, Json][] => {
      const schema = body?.content?.['application/json']?.schema;
      return schema ? [[`${name} ${index === 0 ? 'request' : 'answer'}`, schema]] : [];
    }),
  ]);
}

/** The fields of a JSON schema that have no description, at any depth. */
function undescribed(schema: Json, path: string): string[] {
  if (!schema || typeof schema !== 'object') return [];
  const { properties = {}, items, additionalProperties, prefixItems = [] } = schema;
  const { anyOf = [], oneOf = [], allOf = [] } = schema;
  const inner = [items, additionalProperties, ...prefixItems, ...anyOf, ...oneOf, ...allOf];
  return [
    ...Object.entries<Json>(properties).flatMap(([name, field]) => [
      ...(field.description ? [] : [`${path}.${name}`]),
      ...undescribed(field, `${path}.${name}`),
    ]),
    ...inner.flatMap((each) => undescribed(each, path)),
  ];
}

describe('OpenAPI', () => {
  it('is a valid OpenAPI 3.1 document, with valid JSON schemas', async () => {
    expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, validateFormats: false });
    const wrong = schemasOf(operations).flatMap(([where, schema]) => {
      try {
        ajv.compile(schema);
        return [];
      } catch (error) {
        return [`${where}: ${(error as Error).message}`];
      }
    });
    expect(wrong).toEqual([]);
    // The viewer shows no parameters of an operation that has one.
    expect(JSON.stringify(document)).not.toContain('"items":false');
  });

  it('has a summary and a description of every operation', () => {
    const silent = routes.filter(({ doc }) => !doc?.summary || !doc.description);
    expect(silent.map(nameOf)).toEqual([]);
    const wordy = routes.filter(({ doc }) => /\.$/.test(doc!.summary) || doc!.summary.length > 60);
    expect(wordy.map(nameOf)).toEqual([]);
  });

  it('has an example of every body, and the route takes it', () => {
    const wrong = routes.flatMap((route) => {
      const schema = bodyOf(route);
      if (!schema) return route.doc?.example === undefined ? [] : [`${nameOf(route)}: no body`];
      if (route.doc?.example === undefined) return [`${nameOf(route)}: no example`];
      const { error } = schema.safeParse(route.doc.example);
      return error ? [`${nameOf(route)}: ${error.message}`] : [];
    });
    expect(wrong).toEqual([]);
  });

  it('describes every field of every request and answer', () => {
    const parameters = operations.flatMap(({ name, operation }) =>
      (operation.parameters as Json[]).flatMap((given) =>
        given.description ? [] : [`${name} ?${given.name}`],
      ),
    );
    const fields = schemasOf(operations).flatMap(([where, schema]) => undescribed(schema, where));
    expect([...parameters, ...fields]).toEqual([]);
    expect(undescribed(document.components.schemas.Problem, 'Problem')).toEqual([]);
  });

  it('lists the problems of every operation by status', () => {
    expect(operations).toHaveLength(routes.length);
    const listed = operations.map(({ operation: { responses } }) =>
      Object.entries<Json>(responses)
        .filter(([status]) => Number(status) >= 400)
        .flatMap(([, { content }]) => {
          const { allOf } = content['application/problem+json'].schema;
          return allOf[1].properties.code.enum as string[];
        }),
    );
    expect(listed.map((codes) => codes.length > 0).filter(Boolean).length).toBeGreaterThan(100);
    const guarded = routes.filter(({ rule }) => rule?.kind !== 'public');
    expect(guarded.filter((route) => problemsOf(route).length < 3).map(nameOf)).toEqual([]);
  });
});

describe('the page that shows the API', () => {
  it('loads nothing that is not served here, under a policy without exceptions', async () => {
    const { status, headers, text } = await app.inject('GET', '/api/docs');
    expect(status).toBe(200);
    expect(headers['content-security-policy']).not.toMatch(/unsafe|https?:/);
    const files = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address!);
    expect(files.filter((address) => !address.startsWith('/'))).toEqual([]);
    for (const address of files.filter((each) => each.startsWith('/api/docs/'))) {
      const file = await app.inject('GET', address, { headers: { 'accept-encoding': 'gzip' } });
      expect([address, file.status, file.headers['content-encoding']]).toEqual([
        address,
        200,
        'gzip',
      ]);
    }
  });

  it('serves no other file', async () => {
    for (const file of ['index.html', 'package.json', '..%2fpackage.json', 'constructor']) {
      expect((await app.inject('GET', `/api/docs/${file}`)).status).toBe(404);
    }
  });
});
