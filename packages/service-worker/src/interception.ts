/**
 * What becomes of an intercepted request. It is stored first, so that nothing can lose it from here on; then it goes
 * out under its id like every other entry, behind those that were stored before it; and the caller gets what the
 * server says of it if that comes soon, else 202. Storing first also means that a lost answer can never lead to a
 * second write, which sending first does.
 */
import type { Entry, Outbox } from '@holdfast/client'
import {
  canonicalText,
  isJson,
  problem,
  type AnyOperationDefinition,
  type Json,
  type OperationId,
} from '@holdfast/core'
import { answerOf, isOutOfReach, notStoredAnswer, problemAnswer, queuedAnswer } from './answers.ts'
import { Bell } from './bell.ts'
import { isHeldBack } from './register.ts'
import { readRequest } from './request.ts'

/** How long a caller waits for the server's own answer, ms. */
const answerWithinMs = 4000

/** How long it waits while the server is known not to answer, ms: the outbox looks for it once more within a second. */
const outOfReachMs = 1500

/** What an intercepted request came to: an answer, or the advice to ask the server itself. */
export type Intercepted =
  | { readonly kind: 'answered'; readonly response: Response; readonly isPending: boolean }
  | { readonly kind: 'pass' }

/** Stores the write of a request, and answers it. Never rejects. */
export async function takeRequest(
  outbox: Outbox,
  definition: AnyOperationDefinition,
  request: Request,
): Promise<Intercepted> {
  const read = await readRequest(request)
  if (read.refusal !== undefined) return refused(problemAnswer(read.refusal))
  const { body, id } = read
  let entry: Entry
  try {
    const known = id === undefined ? undefined : await outbox.entry(id)
    if (id !== undefined && known !== undefined) {
      // What was settled is only kept as a result. Whether this is the same write again, the server's ledger knows.
      if (known.payload === undefined) return { kind: 'pass' }
      if (!(await isSameContent(definition, body, known.payload))) return refused(reusedAnswer(id))
    }
    entry = await outbox.enqueue(definition, body, { ...(id !== undefined && { id }) })
  } catch (error) {
    return refused(notStoredAnswer(error))
  }
  const response = await answerSoon(outbox, entry)
  return { kind: 'answered', response, isPending: response.status === 202 && !isHeldBack(outbox.status()) }
}

/** Waits for what the server says, and answers 202 when that takes too long. */
async function answerSoon(outbox: Outbox, { id, settled }: Entry): Promise<Response> {
  const bell = new Bell()
  let isOver = false
  const giveUp = () => {
    isOver = true
    bell.ring()
  }
  const timer = setTimeout(giveUp, answerWithinMs)
  const earlyTimer = setTimeout(() => {
    if (isOutOfReach(outbox.status())) giveUp()
  }, outOfReachMs)
  const unsubscribe = outbox.subscribe(() => bell.ring())
  const ring = () => bell.ring()
  void settled.then(ring, ring)
  try {
    while (!isOver) {
      const entry = await outbox.entry(id)
      const answer = entry === undefined ? undefined : answerOf(id, entry.state)
      if (answer !== undefined) return answer
      await bell.next()
    }
  } catch {
    // The entry is stored; that it could not be read again changes nothing about that.
  } finally {
    clearTimeout(timer)
    clearTimeout(earlyTimer)
    unsubscribe()
  }
  return queuedAnswer(id)
}

function refused(response: Response): Intercepted {
  return { kind: 'answered', response, isPending: false }
}

/** True when a body says what is stored, as it came or as the schema completes it. */
async function isSameContent(definition: AnyOperationDefinition, body: unknown, stored: Json): Promise<boolean> {
  const text = canonicalText(stored)
  if (isJson(body) && canonicalText(body) === text) return true
  const result = await definition.payload['~standard'].validate(body)
  return result.issues === undefined && isJson(result.value) && canonicalText(result.value) === text
}

function reusedAnswer(id: OperationId): Response {
  const title = 'Another write was stored under this id before.'
  return problemAnswer(problem('id-reused', title, { detail: 'Send it under an id of its own.' }), { id })
}
