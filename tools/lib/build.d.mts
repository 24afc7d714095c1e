/** Builds it when its sources are not those of the last build; resolves to whether it did. */
export function buildIfStale(
  name: 'server' | 'ui',
  options?: { onStart?: () => void; onProgress?: (text: string) => void },
): Promise<boolean>;
