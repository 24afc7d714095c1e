import { createContext, type Provider, useContext } from 'react';

/** A context without a default: reading it outside its provider is a mistake in the code. */
export function requiredContext<Value>(name: string): [Provider<Value>, () => Value] {
  const Context = createContext<Value | null>(null);
  const useValue = (): Value => {
    const value = useContext(Context);
    if (value === null) throw new Error(`${name} is read outside its provider`);
    return value;
  };
  return [Context.Provider, useValue];
}
