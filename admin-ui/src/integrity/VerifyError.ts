import type { VerifyFailure } from './verification';

export class VerifyError extends Error {
  constructor(
    readonly failure: VerifyFailure,
    detail: string,
  ) {
    super(detail);
  }
}
