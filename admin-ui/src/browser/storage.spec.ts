import { afterEach, expect, it, jest } from '@jest/globals';
import { SafeStorage } from './storage';

const own = Object.getOwnPropertyDescriptor(window, 'localStorage');
afterEach(() => {
  if (own) Object.defineProperty(window, 'localStorage', own);
  else Reflect.deleteProperty(window, 'localStorage');
  jest.restoreAllMocks();
  localStorage.clear();
});

it('keeps in memory what a browser refuses to keep, for libraries as well', () => {
  Object.defineProperty(window, 'localStorage', {
    configurable: true,
    get: () => {
      throw new DOMException('denied', 'SecurityError');
    },
  });
  const storage = new SafeStorage('localStorage');
  expect(storage.isKept).toBe(false);
  storage.setItem('a', '1');
  expect(storage.getItem('a')).toBe('1');
  expect(window.localStorage.getItem('a')).toBe('1');
  storage.removeItem('a');
  expect(window.localStorage).toHaveLength(0);
});

it('keeps in memory what no longer fits', () => {
  const storage = new SafeStorage('localStorage');
  expect(storage.isKept).toBe(true);
  storage.setItem('a', 'old');
  jest.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
    throw new DOMException('full', 'QuotaExceededError');
  });
  storage.setItem('a', 'new');
  expect(storage.getItem('a')).toBe('new');
});
