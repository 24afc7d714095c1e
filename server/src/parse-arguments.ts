interface Schema<T> {
  safeParse(value: unknown): { success: boolean; data?: T; error?: { issues: object[] } };
}

/** What a schema makes of given flags; throws what names the wrong one, as a request's body gets it. */
export async function parseArguments<T>(
  schema: Schema<T>,
  value: Record<string, unknown>,
): Promise<T> {
  const given = Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined));
  const result = schema.safeParse(given);
  if (result.success) return result.data as T;
  const { invalid } = await import('./common/http/validation.pipe.js');
  throw invalid(result.error?.issues as Parameters<typeof invalid>[0]);
}
