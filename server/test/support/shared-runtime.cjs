const Runtime = require('jest-runtime').default;

/** Tests, and what helps them, are loaded for each file: they keep what they know of it. */
const isShared = (key) =>
  key.includes('/node_modules/') ||
  (/\/(server\/src|migrations)\//.test(key) && !/spec\.ts$/.test(key) && !key.startsWith('@jest'));

let registries = null;
const sourceMaps = new Map();

/**
 * Jest loads every module anew for each test file, which takes longer than many tests. Here the files
 * of a process share the modules of the product and of its packages, as servers in one process do.
 * Nothing of them is ever torn down: what they import later goes through the runtime that loaded them.
 */
module.exports = class SharedRuntime extends Runtime {
  constructor(...args) {
    super(...args);
    registries ??= this.registries;
    for (const part of [this, this.requireBuilder, this.esmLoader, this.cjsLoader]) {
      if (!part?.registries) throw new Error('This Jest keeps its modules elsewhere');
      part.registries = registries;
    }
    this.transformCache.sourceMaps = sourceMaps;
  }

  teardown() {
    this.restoreAllMocks();
    this.mockState.clear();
    this.fileCache.clear();
    this.transformCache.clear();
    this.jestGlobals.clearJestObjectCache();
    registries.exitIsolated();
    registries.mockRegistry.clear();
    registries.moduleMockRegistry.clear();
    registries.internalModuleRegistry.clear();
    for (const registry of [registries.moduleRegistry, registries.esModuleRegistry]) {
      for (const key of registry.keys()) if (!isShared(key)) registry.delete(key);
    }
    // Between tests Jest allows nobody to load anything.
    this.testState.enterTestCode();
  }
};
