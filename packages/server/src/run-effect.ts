/**
 * Runs an effect behind a savepoint, so that one operation's failing SQL takes nothing else of its batch down.
 *
 *   savepoint ─▶ effect ─┬─ applied ──────────▶ release
 *                        ├─ refused, or a bug ▶ roll back to it: nothing of it stands
 *                        └─ 40001, outage ────▶ the whole transaction is given up (apply.ts runs it again, or says 503)
 */
import type { Query } from './database/database.ts'
import { isOutage, isWorthRerunning, sqlStateOf } from './database/sql-state.ts'
import { ServerError } from './error.ts'
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

/** SQLSTATE query_canceled. */
const tookTooLong = '57014'

/** A statement that would end the transaction, or leave the tenant's role. */
const controlPattern = /^\s*(?:begin|start|commit|end|rollback|abort|savepoint|release|prepare|set|reset|discard)\b/i

/** What an effect came to: a decision, or an error that is its own. */
export type EffectResult =
  | { readonly kind: 'decided'; readonly decision: Decision }
  | { readonly kind: 'failed'; readonly error: unknown }

/**
 * Runs one effect. Unless it was applied, nothing of it stands afterwards.
 *
 * @throws the driver's error when the whole transaction has to be given up
 */
export async function runEffect(query: Query, call: EffectCall): Promise<EffectResult> {
  await query('holdfast-effect-begin', 'savepoint holdfast_effect', [])
  const troubles: unknown[] = []
  const result = await resultOf(watched(query, troubles), call)
  // Whatever the effect made of such an error: it is about the transaction, and not about this operation.
  if (troubles.length > 0) throw troubles[0]
  const isKept = result.kind === 'decided' && result.decision.kind === 'applied'
  if (isKept) await query('holdfast-effect-keep', 'release savepoint holdfast_effect', [])
  else await query('holdfast-effect-undo', 'rollback to savepoint holdfast_effect', [])
  return result
}

async function resultOf(query: Query, { handler, operation, entity, context }: EffectCall): Promise<EffectResult> {
  let hasEnded = false
  const own: Query = (name, text, params) => {
    if (hasEnded) return refuse(`The effect of ${operation.type} has ended; "${name}" came too late.`)
    if (controlPattern.test(text)) return refuse(`An effect may not control its transaction; "${name}" would.`)
    return query(name, text, params)
  }
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_resolve, reject) => {
    const late = new TypeError(
      `The effect of ${operation.type} took more than ${effectMaxMs} ms; nothing of it stands.`,
    )
    timer = setTimeout(() => reject(late), effectMaxMs)
  })
  try {
    const decision = await Promise.race([handler.run(operation, entity, { ...context, query: own }), tooLong])
    return { kind: 'decided', decision: checkedDecision(decision) }
  } catch (error) {
    return { kind: 'failed', error }
  } finally {
    hasEnded = true
    clearTimeout(timer)
  }
}

/** Notes errors that are about the transaction. A statement that took too long is the fault of the effect that sent it. */
function watched(query: Query, troubles: unknown[]): Query {
  return async (name, text, params) => {
    try {
      return await query(name, text, params)
    } catch (error) {
      const isOwn = sqlStateOf(error) === tookTooLong
      if (!isOwn && (isWorthRerunning(error) || isOutage(error))) troubles.push(error)
      throw error
    }
  }
}

function refuse(message: string): Promise<never> {
  return Promise.reject(new ServerError('foreign-query', message))
}
