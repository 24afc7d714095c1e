import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { z } from 'zod';
import { type Json, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { problemsOf } from './openapi.js';
import { readRoutes, type Route } from './route-table.js';

let app: TestApp;
let document: Json;
let routes: Route[];

beforeAll(async () => {
  app = await startTestApp();
  document = (await app.inject('GET', '/api/openapi.json')).body;
  routes = readRoutes(
    app.app.get(DiscoveryService, { strict: false }),
    app.app.get(MetadataScanner, { strict: false }),
  ).filter(({ controller }) => controller !== 'UiController'); // pages, not API
});
afterAll(() => app.stop());

const nameOf = ({ method, path }: Route) => `${method} ${path}`;
const bodyOf = ({ parameters }: Route) =>
  parameters.find(({ kind, schema }) => kind === 'body' && schema)?.schema as z.ZodType | undefined;

describe('OpenAPI', () => {
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

  it('lists the problems of every operation by status', () => {
    const operations = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
      Object.entries<Json>(methods).map(([method, operation]) => ({ path, method, operation })),
    );
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
