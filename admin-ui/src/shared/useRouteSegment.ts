import { useLocation } from 'react-router-dom';

/**
 * The path segment at `index`, decoded once. The router's own params turn a literal "%2F" inside a
 * name into "/", and names may hold anything.
 */
export function useRouteSegment(index: number): string {
  const { pathname } = useLocation();
  return decode(pathname.split('/')[index + 1] ?? '');
}

function decode(segment: string) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
