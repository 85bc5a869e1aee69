/**
 * Runs an effect behind a savepoint, so that one operation's failing SQL takes nothing else of its batch down.
 *
 *   savepoint ─▶ effect ─┬─ applied ──────────▶ release
 *                        ├─ refused, or a bug ▶ roll back to it: nothing of it stands
 *                        └─ 40001, outage ────▶ the whole transaction is given up (apply.ts runs it again, or says 503)
 */
import type { Query } from './database/database.ts'
import { effectQuery, type EffectQuery } from './effect-query.ts'
import {
  checkedDecision,
  type DecideContext,
  type Decision,
  type EffectHandler,
  type Entity,
  type ReceivedOperation,
} from './handler.ts'

/** An effect that is to be run. */
export interface EffectCall {
  readonly handler: EffectHandler
  readonly operation: ReceivedOperation<unknown>
  readonly entity: Entity | undefined
  readonly context: DecideContext
}

/** How long an effect may take: everything that it has locked waits for it, and so does its whole batch. */
const effectMaxMs = 10_000

/**
 * Statements are held to it as well: the rollback of an effect that was given up waits for the one that is running. So
 * an effect is over after twice this time at the latest. What is set behind the savepoint is undone with it.
 */
const limitSql = `select set_config('statement_timeout', $1, true)`

/** What an effect came to: a decision, or an error that is its own. */
export type EffectResult =
  | { readonly kind: 'decided'; readonly decision: Decision }
  | { readonly kind: 'failed'; readonly error: unknown }

/**
 * Runs one effect. Unless it was applied, nothing of it stands afterwards. One that says `applied` after a statement of
 * its failed, has failed. `maxMs` is how long it may take, whole ms; default 10 s.
 *
 * @throws the driver's error when the whole transaction has to be given up
 */
export async function runEffect(query: Query, call: EffectCall, maxMs: number = effectMaxMs): Promise<EffectResult> {
  await query('holdfast-effect-begin', 'savepoint holdfast_effect', [])
  await query('holdfast-effect-limit', limitSql, [String(maxMs)])
  const own = effectQuery(query, call.operation.type)
  const said = await resultOf(own, call, maxMs)
  // Whatever the effect made of such an error: it is about the transaction, and not about this operation.
  if (own.troubles.length > 0) throw own.troubles[0]
  const isKept = said.kind === 'decided' && said.decision.kind === 'applied' && own.faults.length === 0
  if (isKept) {
    await query('holdfast-effect-unlimit', 'set local statement_timeout to default', [])
    await query('holdfast-effect-keep', 'release savepoint holdfast_effect', [])
    return said
  }
  // Fails when the connection is lost, and is then about the transaction.
  await query('holdfast-effect-undo', 'rollback to savepoint holdfast_effect', [])
  const isRefused = said.kind === 'decided' && said.decision.kind !== 'applied'
  return isRefused || said.kind === 'failed' ? said : { kind: 'failed', error: own.faults[0] }
}

async function resultOf(
  own: EffectQuery,
  { handler, operation, entity, context }: EffectCall,
  maxMs: number,
): Promise<EffectResult> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_resolve, reject) => {
    const late = new TypeError(`The effect of ${operation.type} took more than ${maxMs} ms; nothing of it stands.`)
    timer = setTimeout(() => reject(late), maxMs)
  })
  try {
    const running = handler.run(operation, entity, { ...context, query: own.query })
    return { kind: 'decided', decision: checkedDecision(await Promise.race([running, tooLong])) }
  } catch (error) {
    return { kind: 'failed', error }
  } finally {
    clearTimeout(timer)
    await own.end()
  }
}
