/*
 * Jest compiles every module again for every test file. V8 can start from what it made of the same
 * text before, for as long as the worker lives. Loaded with --import, before Jest.
 */
import vm from 'node:vm';

const { compileFunction, SourceTextModule } = vm;

/** By file and parameters: the text, and V8's data for exactly that text. */
const compiled = new Map();

function cachedData(key, text) {
  const known = compiled.get(key);
  return known?.text === text ? known.data : undefined;
}

/** CommonJS, which is most packages. */
vm.compileFunction = (text, parameters = [], options = {}) => {
  const key = `${parameters} ${options.filename}`;
  const data = cachedData(key, text);
  if (data) return compileFunction(text, parameters, { ...options, cachedData: data });
  const made = compileFunction(text, parameters, { ...options, produceCachedData: true });
  if (made.cachedData) compiled.set(key, { text, data: made.cachedData });
  return made;
};

vm.SourceTextModule = class extends SourceTextModule {
  constructor(text, options = {}) {
    const key = `import ${options.identifier}`;
    const data = cachedData(key, text);
    super(text, data ? { ...options, cachedData: data } : options);
    if (!data) compiled.set(key, { text, data: this.createCachedData() });
  }
};
