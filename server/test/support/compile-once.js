import vm from 'node:vm';

/**
 * Jest compiles every module anew for each test file, which takes longer than to run it. Here a process
 * keeps what V8 made of a source, and gives it back to V8 for the next file.
 */
const { compileFunction, SourceTextModule } = vm;
const known = new Map();

/** V8 takes nothing back once its flags have changed, as by a test that asks for `gc`. */
const REJECTED = /cachedData buffer was rejected/;

function cachedFor(name, code) {
  const entry = known.get(name);
  return entry?.code === code ? entry.data : undefined;
}

vm.compileFunction = (code, parameters, options) => {
  const { filename } = options;
  const cachedData = cachedFor(filename, code);
  if (cachedData) {
    const compiled = compileFunction(code, parameters, { ...options, cachedData });
    if (!compiled.cachedDataRejected) return compiled;
  }
  const compiled = compileFunction(code, parameters, { ...options, produceCachedData: true });
  known.set(filename, { code, data: compiled.cachedData });
  return compiled;
};

vm.SourceTextModule = new Proxy(SourceTextModule, {
  construct(target, [code, options], newTarget) {
    const { identifier } = options;
    const cachedData = cachedFor(identifier, code);
    if (cachedData) {
      try {
        return Reflect.construct(target, [code, { ...options, cachedData }], newTarget);
      } catch (error) {
        if (!REJECTED.test(error.message)) throw error;
      }
    }
    const module = Reflect.construct(target, [code, options], newTarget);
    known.set(identifier, { code, data: module.createCachedData() });
    return module;
  },
});
