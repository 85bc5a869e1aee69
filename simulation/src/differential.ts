/**
 * The server model held against the real server: recorded batches go through the apply path on PGlite and through the
 * model, at the same simulated time, and both must answer the same and leave the same behind.
 *
 * Both ask the same rules (`prepareBatch`, `decideBatch`), so what is compared is all that stands around them: which
 * ids are claimed and given up again, which rows and successors are read, whose version a write is checked against,
 * what the ledger, the entities, the losing sides and the feed hold afterwards. Were one of these different in SQL, every
 * run of the simulation would prove something about a server that nobody deploys.
 */
import { isDeepStrictEqual } from 'node:util'
import type { WireOperation } from '@holdfast/core'
import { createSyncServer, type Database, type Handler, type Row } from '@holdfast/server'
import { firstHandlers, laterHandlers } from './domain.ts'
import type { SimRandom } from './random.ts'
import { nameOfHandler, ServerModel, type AppliedBatch, type ServerMutation, type SimSession } from './server-model.ts'

/** A batch to be applied on both sides. */
export interface TracedBatch {
  readonly session: SimSession
  readonly nowMs: number
  /** What the server knows then. */
  readonly types: readonly string[]
  readonly operations: readonly WireOperation[]
}

/** What a comparison came to. */
export interface Comparison {
  readonly batches: number
  /** How often each outcome was answered. */
  readonly outcomes: ReadonlyMap<string, number>
  /** The first difference, for people. */
  readonly difference: string | undefined
}

/** How many recorded batches between two looks into the tables. */
const lookEvery = 50

/**
 * A recorded trace with more in it than its run had: batches that come once more, at once or much later, whole, in two
 * parts or with another one; and ids that somebody else uses.
 */
export function perturbed(trace: readonly AppliedBatch[], random: SimRandom): readonly TracedBatch[] {
  const batches: TracedBatch[] = []
  for (const batch of trace) {
    const before = random.chance(0.25) ? random.pick(batches) : undefined
    batches.push(batch)
    const { operations, nowMs, types } = batch
    if (before === undefined) continue
    const again: TracedBatch = { ...before, nowMs, types }
    const half = Math.ceil(before.operations.length / 2)
    const dice = random.integer(5)
    if (dice === 0) batches.push(again)
    else if (dice === 1) batches.push({ ...again, operations: before.operations.slice(half) })
    else if (dice === 2) {
      // One id stands once in a request.
      const others = before.operations.filter(({ id }) => operations.every((one) => one.id !== id))
      batches.push({ ...batch, operations: [...others, ...operations] })
    } else if (dice === 3) batches.push({ ...again, session: { ...before.session, user: 'somebody' } })
    else batches.push({ ...again, operations: before.operations.map((one) => ({ ...one, payload: null })) })
  }
  return batches
}

/** Applies a trace on both sides and compares, under tenants of its own. `mutation` is a deliberate bug of the model. */
export async function compare(
  trace: readonly TracedBatch[],
  database: Database,
  name: string,
  mutation: ServerMutation = {},
): Promise<Comparison> {
  const model = new ServerModel({ handlers: known(trace[0]?.types ?? []), mutation })
  let nowMs = 0
  const servers = new Map<string, ReturnType<typeof createSyncServer>>()
  const outcomes = new Map<string, number>()
  let difference: string | undefined
  let batches = 0
  for (const { session, nowMs: atMs, types, operations } of trace) {
    nowMs = atMs
    const release = known(types)
    for (const handler of release) model.deploy(handler)
    const key = types.join(' ')
    const server =
      servers.get(key) ??
      createSyncServer({ database, handlers: release, authenticate: () => null, nowMs: () => nowMs })
    servers.set(key, server)
    const owner = { tenant: `${name} ${session.tenant}`, user: session.user }
    const real = await server.apply({ ...owner, device: 'traced' }, operations)
    const modelled = await model.apply(owner, operations, nowMs)
    batches += 1
    for (const { outcome } of real) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    difference = differenceOf(`the answer to batch ${batches}`, real, modelled)
    if (difference === undefined && (batches % lookEvery === 0 || batches === trace.length)) {
      difference = await tablesDifference(database, model)
    }
    if (difference !== undefined) break
  }
  return { batches, outcomes, difference }
}

function known(types: readonly string[]): readonly Handler[] {
  return [...firstHandlers, ...laterHandlers].filter((handler) => types.includes(nameOfHandler(handler)))
}

const ledgerSql = `
select id, user_id, hash, code, outcome, successor from holdfast.ledger where tenant = $1 order by id`
const entitiesSql = `
select kind, id, version, state, (extract(epoch from last_modified) * 1000)::float8 as last_modified_ms
from holdfast.entities where tenant = $1 order by kind, id`
const losingSidesSql = `
select operation, kind, id, version, side, data from holdfast.losing_sides where tenant = $1 order by operation`
const feedSql = `
select seq::float8 as seq, kind, id, version, deleted from holdfast.feed where tenant = $1 order by seq`
const headSql = `select seq::float8 as seq from holdfast.feed_head where tenant = $1`

/** Compares all tables of the model's tenants. */
async function tablesDifference(database: Database, model: ServerModel): Promise<string | undefined> {
  for (const [tenant, { ledger, entities, losingSides, feed }] of model.tenants) {
    const rows = await database.tx(tenant, async ({ query }) => ({
      ledger: await query('traced-ledger', ledgerSql, [tenant]),
      entities: await query('traced-entities', entitiesSql, [tenant]),
      losingSides: await query('traced-losing-sides', losingSidesSql, [tenant]),
      feed: await query('traced-feed', feedSql, [tenant]),
      head: await query('traced-head', headSql, [tenant]),
    }))
    const expected: { readonly [Table in keyof typeof rows]: readonly Row[] } = {
      ledger: [...ledger]
        .map(([id, { user, hash, outcome, successor }]) => ({
          id,
          user_id: user,
          hash,
          code: outcome.outcome,
          outcome,
          successor: successor ?? null,
        }))
        .toSorted((left, right) => byText(left.id, right.id)),
      entities: [...entities]
        .map(([key, { version, state, lastModifiedMs }]) => {
          const [kind = '', id = ''] = key.split('\u0000')
          return { kind, id, version, state, last_modified_ms: lastModifiedMs }
        })
        .toSorted((left, right) => byText(`${left.kind} ${left.id}`, `${right.kind} ${right.id}`)),
      losingSides: losingSides
        .map(({ operation, entity: { kind, id }, version, side, data }) => ({
          operation,
          kind,
          id,
          version,
          side,
          data,
        }))
        .toSorted((left, right) => byText(left.operation, right.operation)),
      feed: feed.map(({ kind, id, version, deleted }, index) => ({ seq: index + 1, kind, id, version, deleted })),
      head: feed.length === 0 ? [] : [{ seq: feed.length }],
    }
    for (const table of ['ledger', 'entities', 'losingSides', 'feed', 'head'] as const) {
      const found = differenceOf(`${table} of ${tenant}`, rows[table], expected[table])
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** Says how two lists differ: JSON is what both sides give to the outside. */
function differenceOf(what: string, real: readonly unknown[], modelled: readonly unknown[]): string | undefined {
  for (let index = 0; index < Math.max(real.length, modelled.length); index += 1) {
    const [left, right] = [asJson(real[index]), asJson(modelled[index])]
    if (isDeepStrictEqual(left, right)) continue
    return `${what} differs at ${index}: the database has ${JSON.stringify(left)}, the model has ${JSON.stringify(right)}`
  }
  return undefined
}

function asJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value))
}

function byText(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}
