/**
 * A server for tests of an app: it reads the real wire, keeps a ledger and decides with rules of the test's own. What
 * leaves a client and comes back to it has been text in between, as on a network.
 *
 * It keeps the promises that a client relies on (one effect per id, lanes stop at what is not applied, replaced and
 * cancelled operations never happen later) and nothing else: entities, versions and conflicts are what `decide` says.
 */
import {
  answerMediaType,
  linksOf,
  settledWith,
  parseBatchRequest,
  problem,
  problemMediaType,
  problemStatus,
  type BatchRequest,
  type FinalOutcome,
  type OperationId,
  type OperationOutcome,
  type Outcome,
  type ProblemCode,
  type RawAnswer,
  type WireOperation,
} from '@holdfast/core'
import type { Session } from '../store/registry.ts'

/** Says what becomes of an operation that the server sees for the first time. */
export type TestDecider = (operation: WireOperation) => FinalOutcome

/** How long a client is asked to wait for an operation that another one comes after. */
const parentRetryAfterMs = 5000

/** The server of a test. */
export class TestServer {
  /** Who is signed in; `null` for nobody. While it is `undefined`, whoever asks is. */
  session: Session | null | undefined
  /** Default: everything is applied. */
  decide: TestDecider = () => ({ outcome: 'applied' })
  /** The outcome of every operation that it knows, by id. */
  readonly ledger: Map<OperationId, FinalOutcome> = new Map()
  /** Operations that had an effect, in the order in which they had it. */
  readonly effects: WireOperation[] = []
  /** Requests that arrived. */
  readonly requests: BatchRequest[] = []

  /** Answers a request as it came over the wire. */
  answer(text: string): RawAnswer {
    const parsed = parseBatchRequest(JSON.parse(text))
    if (parsed.fault !== undefined) {
      return refusal('invalid-request', `${parsed.fault.pointer} ${parsed.fault.reason}`)
    }
    const request = parsed.value
    this.requests.push(request)
    const session = this.session === undefined ? request : this.session
    if (session === null) return refusal('unauthenticated')
    if (session.tenant !== request.tenant || session.user !== request.user) return refusal('wrong-identity')
    const stopped = new Set<string>()
    const outcomes = request.operations.map((operation): OperationOutcome => {
      const outcome: Outcome = stopped.has(operation.lane) ? { outcome: 'deferred' } : this.#outcomeOf(operation)
      if (!isApplied(outcome)) stopped.add(operation.lane)
      return { id: operation.id, ...outcome }
    })
    return httpAnswer(200, { outcomes }, answerMediaType)
  }

  #outcomeOf(operation: WireOperation): Outcome {
    const { id } = operation
    const known = this.ledger.get(id)
    if (known !== undefined) return { outcome: 'duplicate', first: known }
    const replaced = linksOf(operation)
    for (const old of replaced) {
      const first = this.ledger.get(old)
      if (first?.outcome === 'applied') return { outcome: 'duplicate', first, of: old }
    }
    for (const parent of operation.after ?? []) {
      const outcome = this.ledger.get(parent)
      if (outcome === undefined) return { outcome: 'deferred', retryAfterMs: parentRetryAfterMs }
      if (outcome.outcome !== 'applied') return this.#record(id, rejected('parent-refused'))
    }
    for (const old of settledWith(operation)) if (!this.ledger.has(old)) this.ledger.set(old, rejected('cancelled'))
    if (operation.cancel !== undefined) return this.#record(id, { outcome: 'applied' })
    const outcome = this.#record(id, this.decide(operation))
    if (outcome.outcome === 'applied') this.effects.push(operation)
    return outcome
  }

  #record(id: OperationId, outcome: FinalOutcome): FinalOutcome {
    this.ledger.set(id, outcome)
    return outcome
  }
}

/** An HTTP answer with a JSON body. */
export function httpAnswer(status: number, body: unknown, mediaType: string, retryAfter?: string): RawAnswer {
  const text = JSON.stringify(body)
  return {
    kind: 'http',
    status,
    redirected: false,
    mediaType,
    retryAfter,
    date: undefined,
    body: text === undefined ? undefined : JSON.parse(text),
  }
}

/** A refusal as a Holdfast server words it. */
function refusal(code: ProblemCode, detail?: string): RawAnswer {
  const document = problem(code, code, detail === undefined ? {} : { detail })
  return httpAnswer(problemStatus[code], document, problemMediaType)
}

function rejected(code: ProblemCode): FinalOutcome {
  return { outcome: 'rejected', problem: problem(code, code) }
}

function isApplied(outcome: Outcome): boolean {
  if (outcome.outcome === 'duplicate') return outcome.of === undefined && outcome.first.outcome === 'applied'
  return outcome.outcome === 'applied'
}
