/*
 * Where a browser blocks a site's data, merely reading `window.localStorage` throws. Then memory
 * takes its place, for our own code and for libraries: all works, and a reload forgets it.
 */
type StorageName = 'localStorage' | 'sessionStorage';

class MemoryStorage implements Storage {
  private readonly items = new Map<string, string>();

  get length(): number {
    return this.items.size;
  }

  key(index: number): string | null {
    return [...this.items.keys()][index] ?? null;
  }

  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.items.set(key, String(value));
  }

  removeItem(key: string): void {
    this.items.delete(key);
  }

  clear(): void {
    this.items.clear();
  }
}

/** One of the browser's storages. What it refuses to keep, because it is full, is kept in memory. */
export class SafeStorage {
  private readonly memory = new MemoryStorage();
  private readonly kept: Storage | null;

  constructor(name: StorageName) {
    this.kept = usable(name);
    if (this.kept) return;
    Object.defineProperty(window, name, { value: this.memory, configurable: true });
  }

  /** Whether a reload finds again what is stored. */
  get isKept(): boolean {
    return this.kept !== null;
  }

  getItem(key: string): string | null {
    return this.memory.getItem(key) ?? this.kept?.getItem(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.memory.removeItem(key);
    try {
      (this.kept ?? this.memory).setItem(key, value);
    } catch {
      this.memory.setItem(key, value);
    }
  }

  removeItem(key: string): void {
    this.memory.removeItem(key);
    this.kept?.removeItem(key);
  }
}

function usable(name: StorageName): Storage | null {
  try {
    const storage = window[name];
    // Null where an embedding program switched it off.
    storage.getItem('');
    return storage;
  } catch {
    return null;
  }
}

/** For this browser, until somebody clears it. */
export const local = new SafeStorage('localStorage');
/** For this tab, until it is closed. */
export const tab = new SafeStorage('sessionStorage');

/** Whether the browser keeps cookies of this site. It says so itself only for some of its settings. */
export function keepsCookies(): boolean {
  const probe = 'rolecall_probe=1';
  try {
    document.cookie = `${probe}; SameSite=Strict; Path=/`;
    const isKept = document.cookie.includes(probe);
    document.cookie = `${probe}; SameSite=Strict; Path=/; Max-Age=0`;
    return isKept;
  } catch {
    return false;
  }
}
