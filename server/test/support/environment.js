import './compile-once.js';
import vm from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

/** Under this name jest-circus keeps who listens to a file's tests. */
const EVENT_HANDLERS = Symbol.for('EVENT_HANDLERS');

let shared = null;
let startEnvironment = null;
let exit = null;

/**
 * One global scope for all test files of a process, as the program itself has one, so that the modules
 * of the product are loaded once and stay compiled: see shared-runtime.cjs. An ordinary scope, too:
 * Jest's own asks a proxy about every name that is looked up in it.
 */
export default class SharedEnvironment extends TestEnvironment {
  constructor(config, context) {
    if (shared) {
      // Jest wraps it for each file.
      shared.global.process.exit = exit;
      return shared;
    }
    const { createContext } = vm;
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(config, context);
    } finally {
      vm.createContext = createContext;
    }
    shared = this;
    ({ exit } = this.global.process);
    startEnvironment = { ...this.global.process.env };
  }

  async setup() {
    const { process } = this.global;
    for (const name of Object.keys(process.env)) delete process.env[name];
    Object.assign(process.env, startEnvironment);
  }

  async teardown() {
    this.fakeTimersModern.useRealTimers();
    delete this.global[EVENT_HANDLERS];
  }
}
