import vm from 'node:vm';

/**
 * Jest compiles every module anew for each test file, which takes longer than to run it. Here a process
 * keeps what V8 made of a source, and gives it back to V8 for the next file.
 */
const { compileFunction, SourceTextModule } = vm;
const known = new Map();

function cachedFor(name, code) {
  const entry = known.get(name);
  return entry?.code === code ? entry.data : undefined;
}

vm.compileFunction = (code, parameters, options) => {
  const cachedData = cachedFor(options.filename, code);
  const compiled = compileFunction(code, parameters, {
    ...options,
    ...(cachedData ? { cachedData } : { produceCachedData: true }),
  });
  if (!cachedData) known.set(options.filename, { code, data: compiled.cachedData });
  return compiled;
};

vm.SourceTextModule = class extends SourceTextModule {
  constructor(code, options) {
    const cachedData = cachedFor(options.identifier, code);
    super(code, { ...options, ...(cachedData && { cachedData }) });
    if (!cachedData) known.set(options.identifier, { code, data: this.createCachedData() });
  }
};
