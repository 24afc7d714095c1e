import { afterEach, jest } from '@jest/globals';
import { cleanup, configure } from '@testing-library/react';

globalThis.IS_REACT_ACT_ENVIRONMENT = true;

// What is waited for comes at once; on a busy machine it may take a while.
configure({ asyncUtilTimeout: 10_000 });
jest.setTimeout(60_000);

afterEach(() => cleanup());
