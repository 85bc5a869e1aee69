/**
 * Applying a batch: one transaction, two statements (a third reads stored outcomes), rules in between.
 *
 *   claim ids, lock entities ─▶ [read ledger] ─▶ decide, run effects ─▶ write ─▶ commit
 *        ▲                                                                 │
 *        └────────── rerun: somebody was faster, deadlock, 40001 ◀─────────┘
 *
 * A batch whose operations refer to each other's ids is applied in waves, each of them as above (references.ts).
 * Any other error of the database while it is up is about some operation: the batch is bisected in order, lanes that
 * the first half stopped stay stopped, and the guilty operation alone is deferred with problem `internal`.
 */
import { setTimeout } from 'node:timers/promises'
import { problem, settledWith, type OperationId, type OperationOutcome, type WireOperation } from '@holdfast/core'
import type { Database, Query } from './database/database.ts'
import { isAboutStatement, isOutage, isWorthRerunning } from './database/sql-state.ts'
import {
  decideSteps,
  entitiesToLoad,
  idsToClaim,
  idsToRead,
  type BatchInput,
  type BatchResult,
} from './decide-batch.ts'
import { ServerError } from './error.ts'
import type { DecideContext } from './handler.ts'
import { storeJobs } from './jobs/store-jobs.ts'
import { describeError, type Log } from './log.ts'
import type { StoppedTypes } from './limits/stopped-types.ts'
import type { LedgerRows } from './ledger.ts'
import { prepareBatch, type HandlersByType, type PreparedOperation } from './prepare.ts'
import { idsReferredTo, wavesOf } from './references.ts'
import { runEffect } from './run-effect.ts'
import { claim, type Claim } from './statements/claim.ts'
import { readLedger } from './statements/read-ledger.ts'
import { readUploads } from './statements/read-uploads.ts'
import { write } from './statements/write.ts'
import type { WebhookEndpoint } from './webhooks/webhook-endpoint.ts'
import { webhookJobs } from './webhooks/webhook-jobs.ts'
import type { TenantList } from './tenants.ts'

/** Whose batch it is. `tenant` and `user` come from the session, `device` is what the device says of itself. */
export interface BatchOwner {
  readonly tenant: string
  readonly user: string
  readonly device: string
  /** What the user may do, from the session as well; none when absent. */
  readonly roles?: readonly string[]
}

/** What applying needs. */
export interface ApplyDependencies {
  readonly database: Database
  readonly handlers: HandlersByType
  readonly stoppedTypes: StoppedTypes
  readonly tenants: TenantList
  readonly log: Log
  readonly nowMs: () => number
  /** Who is told of applied operations; default nobody. */
  readonly webhooks?: readonly WebhookEndpoint[]
}

/** Runs of one transaction. Each rerun means that another one committed, so some batch always makes progress. */
const runsMax = 12
const rerunDelayMaxMs = 40
const outageRetryAfterMs = 5_000
const failureRetryAfterMs = 60_000

/** What a part of a batch came to. */
interface Part {
  readonly outcomes: readonly OperationOutcome[]
  readonly stoppedLanes: ReadonlySet<string>
}

/**
 * Applies operations in their order and returns an outcome for each.
 *
 * @throws ServerError `unavailable` when the database is in trouble and nothing was applied
 */
export async function applyBatch(
  dependencies: ApplyDependencies,
  owner: BatchOwner,
  operations: readonly WireOperation[],
): Promise<readonly OperationOutcome[]> {
  await orOutage(dependencies.tenants.note(owner.tenant))
  const outcomes = new Map<number, OperationOutcome>()
  let stoppedLanes: ReadonlySet<string> = new Set()
  for (const [number, places] of wavesOf(operations).entries()) {
    const wave = places.flatMap((place) => operations[place] ?? [])
    const applying = applyWave(dependencies, owner, wave, stoppedLanes)
    const part = await (number === 0 ? applying : orDeferred(applying, wave, stoppedLanes))
    for (const [index, place] of places.entries()) {
      const outcome = part.outcomes[index]
      if (outcome !== undefined) outcomes.set(place, outcome)
    }
    stoppedLanes = part.stoppedLanes
  }
  return operations.flatMap((_, place) => outcomes.get(place) ?? [])
}

async function applyWave(
  dependencies: ApplyDependencies,
  owner: BatchOwner,
  operations: readonly WireOperation[],
  stoppedLanes: ReadonlySet<string>,
): Promise<Part> {
  const { handlers, log, nowMs } = dependencies
  const { user, roles = [] } = owner
  const rows = await readReferredTo(dependencies, owner, operations)
  const stopped = { types: await orOutage(dependencies.stoppedTypes.current()), nowMs: nowMs() }
  const context = { handlers, user, roles, rows, stopped, onFault: faultLogger(log) }
  return applyPart(dependencies, owner, await prepareBatch(operations, context), stoppedLanes)
}

async function orOutage<Value>(asking: Promise<Value>): Promise<Value> {
  try {
    return await asking
  } catch (error) {
    throw outageOr(error)
  }
}

async function readReferredTo(
  { database }: ApplyDependencies,
  { tenant }: BatchOwner,
  operations: readonly WireOperation[],
): Promise<LedgerRows> {
  const ids = [...idsReferredTo(operations)]
  if (ids.length === 0) return new Map()
  return orOutage(database.tx(tenant, ({ query }) => readLedger(query, tenant, ids)))
}

async function applyPart(
  dependencies: ApplyDependencies,
  owner: BatchOwner,
  operations: readonly PreparedOperation[],
  stoppedLanes: ReadonlySet<string>,
): Promise<Part> {
  try {
    return await applyWithReruns(dependencies, owner, operations, stoppedLanes)
  } catch (error) {
    if (!isAboutStatement(error)) throw outageOr(error)
    if (operations.length > 1) return bisect(dependencies, owner, operations, stoppedLanes)
    dependencies.log({
      level: 'error',
      event: 'operation-failed',
      message: `The database refused an operation of type ${operations[0]?.wire.type ?? 'unknown'}.`,
      error: describeError(error),
    })
    const failure = problem('internal', 'The server failed at this operation', { detail: 'Nothing was changed.' })
    return deferAll(
      operations.map(({ wire }) => wire),
      stoppedLanes,
      {
        outcome: 'deferred',
        problem: failure,
        retryAfterMs: failureRetryAfterMs,
      },
    )
  }
}

async function bisect(
  dependencies: ApplyDependencies,
  owner: BatchOwner,
  operations: readonly PreparedOperation[],
  stoppedLanes: ReadonlySet<string>,
): Promise<Part> {
  const half = Math.ceil(operations.length / 2)
  const first = await applyPart(dependencies, owner, operations.slice(0, half), stoppedLanes)
  const rest = operations.slice(half)
  const second = await orDeferred(
    applyPart(dependencies, owner, rest, first.stoppedLanes),
    rest.map(({ wire }) => wire),
    first.stoppedLanes,
  )
  return { outcomes: [...first.outcomes, ...second.outcomes], stoppedLanes: second.stoppedLanes }
}

/** What comes after a part that is committed: its outcomes must reach the client whatever becomes of the rest. */
async function orDeferred(
  applying: Promise<Part>,
  operations: readonly WireOperation[],
  stoppedLanes: ReadonlySet<string>,
): Promise<Part> {
  try {
    return await applying
  } catch (error) {
    if (!(error instanceof ServerError) || error.code !== 'unavailable') throw error
    const outage = problem('unavailable', 'The database is not to be had now')
    return deferAll(operations, stoppedLanes, {
      outcome: 'deferred',
      problem: outage,
      retryAfterMs: outageRetryAfterMs,
    })
  }
}

/** A failure as the doors know it: `unavailable` when the database is in trouble. */
function outageOr(error: unknown): unknown {
  if (!isOutage(error) || error instanceof ServerError) return error
  return new ServerError('unavailable', 'The database is not to be had now.', { cause: error })
}

function deferAll(
  operations: readonly WireOperation[],
  stoppedLanes: ReadonlySet<string>,
  outcome: OperationOutcome extends infer Each
    ? Each extends { outcome: 'deferred' }
      ? Omit<Each, 'id'>
      : never
    : never,
): Part {
  return {
    outcomes: operations.map(({ id }) => ({ id, ...outcome })),
    stoppedLanes: new Set([...stoppedLanes, ...operations.map(({ lane }) => lane)]),
  }
}

async function applyWithReruns(
  dependencies: ApplyDependencies,
  owner: BatchOwner,
  operations: readonly PreparedOperation[],
  stoppedLanes: ReadonlySet<string>,
): Promise<Part> {
  for (let run = 1; ; run += 1) {
    try {
      const result = await applyOnce(dependencies, owner, operations, stoppedLanes)
      if (result !== undefined) return result
    } catch (error) {
      if (!isWorthRerunning(error)) throw error
    }
    if (run >= runsMax)
      throw new ServerError('unavailable', `Other transactions were faster ${runsMax} times in a row.`)
    await setTimeout(Math.random() * Math.min(rerunDelayMaxMs, 2 ** run))
  }
}

/** A result that must be thrown away with its transaction: another transaction was faster. */
class Outrun extends Error {}

async function applyOnce(
  { database, log, nowMs, webhooks = [] }: ApplyDependencies,
  owner: BatchOwner,
  operations: readonly PreparedOperation[],
  stoppedLanes: ReadonlySet<string>,
): Promise<BatchResult | undefined> {
  const now = nowMs()
  const at = new Date(now).toISOString()
  const { tenant, user } = owner
  const context: DecideContext = { tenant, user, nowMs: now }
  const claims = claimsOf(operations)
  try {
    return await database.tx(tenant, async ({ query }) => {
      const claimed = await claim(query, { ...owner, at }, claims, entitiesToLoad(operations))
      const taken = claims.filter(({ id }) => !claimed.ids.has(id)).map(({ id }) => id)
      const ledger = await readLedger(query, tenant, [...taken, ...idsToRead(operations)])
      const uploads = await readUploads(query, owner, operations)
      const result = await decideOn(query, {
        operations,
        ledger,
        entities: claimed.entities,
        uploads,
        context,
        stoppedLanes,
        onFault: faultLogger(log),
      })
      // A batch of mere duplicates has claimed nothing and changes nothing.
      const hasWrites = claimed.ids.size > 0 || result.successors.size > 0
      if (hasWrites && !(await write(query, tenant, at, result, claimed.ids))) throw new Outrun()
      const wires = operations.map(({ wire }) => wire)
      const told = webhookJobs(webhooks, { tenant, user, at }, wires, result.ledger)
      await storeJobs(query, owner, at, [...result.jobs, ...told])
      return result
    })
  } catch (error) {
    if (error instanceof Outrun) return undefined
    throw error
  }
}

/** Decides a batch, and runs its effects in their order. What is not about one effect gives the transaction up. */
async function decideOn(query: Query, input: BatchInput): Promise<BatchResult> {
  const steps = decideSteps(input)
  let step = steps.next()
  while (step.done !== true) {
    const result = await runEffect(query, step.value)
    step = result.kind === 'failed' ? steps.throw(result.error) : steps.next(result.decision)
  }
  return step.value
}

function faultLogger(log: Log): (type: string, error: unknown) => void {
  return (type, error) => {
    log({
      level: 'error',
      event: 'handler-failed',
      message: `The definition or handler of ${type} threw; its operation is deferred.`,
      error: describeError(error),
    })
  }
}

function claimsOf(operations: readonly PreparedOperation[]): readonly Claim[] {
  const own = new Map<OperationId, Claim>()
  // Should one id stand twice, the first has it.
  for (const { wire, hash } of operations) {
    if (!own.has(wire.id)) own.set(wire.id, { id: wire.id, type: wire.type, hash })
  }
  const others = [...idsToClaim(operations)].filter((id) => !own.has(id))
  const types = new Map<OperationId, string>(
    operations.flatMap(({ wire }) => settledWith(wire).map((id) => [id, wire.type] as const)),
  )
  return [...own.values(), ...others.map((id) => ({ id, type: types.get(id) ?? 'unknown', hash: null }))]
}
