export interface ModelCase {
  readonly name: string;
  readonly flags: string;
  readonly quick?: boolean;
  readonly isMutant?: boolean;
}

export interface ModelResult {
  readonly name: string;
  readonly flags: string;
  readonly isMutant: boolean;
  readonly states: number;
  readonly errors: number;
  readonly seconds: number;
  readonly isAsItShouldBe: boolean;
}

export const CHECKS: readonly ModelCase[];
export const MUTANTS: readonly ModelCase[];
export function missingTools(): string | null;
export function check(
  cases: readonly ModelCase[],
  onDone?: (result: ModelResult) => void,
): Promise<ModelResult[]>;
