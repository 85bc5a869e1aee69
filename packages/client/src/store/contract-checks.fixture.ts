/** The few checks that a contract suite needs, so that the same cases run under a test runner and in a plain page. */
import { canonicalText, isJson, SyncError, type SyncErrorCode } from '@holdfast/core'

/** One promise of a port: a claim, and what shows it. `Harness` is how the case gets at an implementation. */
export interface ContractCase<Harness> {
  readonly name: string
  /** Rejects when the promise is broken. Every call of `makeHarness` gives one with no data yet. */
  readonly run: (makeHarness: () => Harness) => Promise<void>
}

/** Fails unless both values have the same JSON. Members that are `undefined` count as absent. */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [textOf(actual), textOf(expected)]
  if (left !== right) throw new Error(`${what}: expected ${right}, got ${left}`)
}

/** Fails unless the condition holds. */
export function expectTrue(condition: boolean, what: string): void {
  if (!condition) throw new Error(`${what}: expected it to hold`)
}

/** Fails unless there is a value; gives it. */
export function expectSome<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new Error(`${what}: expected a value, got none`)
  return value
}

/** Fails unless the work rejects with a SyncError of this code. */
export async function expectSyncError(work: Promise<unknown>, code: SyncErrorCode): Promise<void> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof SyncError)) throw new Error(`expected SyncError "${code}", got ${String(error)}`)
  if (error.code !== code) throw new Error(`expected SyncError "${code}", got "${error.code}": ${error.message}`)
}

/** Fails unless the work rejects with this very error. */
export async function expectRejection(work: Promise<unknown>, expected: Error): Promise<void> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error !== expected) throw new Error(`expected the error "${expected.message}", got ${String(error)}`)
}

function textOf(value: unknown): string {
  if (value === undefined) return 'undefined'
  const plain: unknown = JSON.parse(JSON.stringify(value))
  if (!isJson(plain)) throw new Error('a value that is not JSON was to be compared')
  return canonicalText(plain)
}
