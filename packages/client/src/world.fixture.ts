/**
 * A small world for tests of the engine: a clock that is moved by hand, locks and channels shared by all contexts, and a
 * server that keeps a ledger and can be told to misbehave. Nothing waits for real time.
 */
import {
  answerMediaType,
  canonicalText,
  linksOf,
  settledWith,
  problem,
  problemMediaType,
  type BatchRequest,
  type FinalOutcome,
  type HttpAnswer,
  type OperationId,
  type OperationOutcome,
  type RawAnswer,
  type WireOperation,
} from '@holdfast/core'
import type { Environment, HeldLock } from './environment.ts'
import { newId } from './new-id.ts'
import type { ProbeAnswer, Transport } from './transport/transport.ts'

interface Timer {
  atMs: number
  readonly callback: () => void
}

/** Everything that contexts of one device share. */
export class World {
  nowMs = Date.UTC(2026, 10, 20)
  isOnline = true
  #random = 1
  #timers = new Set<Timer>()
  readonly #channels = new Map<string, Set<(message: unknown) => void>>()
  readonly #locks = new Map<string, { holder: AbortController; release: () => void } | undefined>()
  readonly #queues = new Map<string, (() => void)[]>()
  readonly #wakers = new Set<() => void>()
  /** What listeners have thrown. */
  readonly reported: unknown[] = []
  readonly server: FakeServer = new FakeServer()

  /** The environment of one context; on a platform that lacks something, where a test wants that. */
  environment(...lacks: readonly ('locks' | 'channels')[]): Environment {
    const fraction = (): number => {
      this.#random = (this.#random * 48_271) % 2_147_483_647
      return this.#random / 2_147_483_647
    }
    return {
      clock: {
        now: () => this.nowMs,
        timer: (delayMs, callback) => {
          const timer = { atMs: this.nowMs + delayMs, callback }
          this.#timers.add(timer)
          return () => this.#timers.delete(timer)
        },
      },
      random: { fraction, bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(fraction() * 256)) },
      lacks: new Set(lacks),
      locks: {
        acquire: (name, options) =>
          lacks.includes('locks')
            ? Promise.resolve({ lost: new AbortController().signal, release: () => {} })
            : this.#acquire(name, options),
      },
      openChannel: (name, listener) =>
        lacks.includes('channels') ? { post: () => {}, close: () => {} } : this.#openChannel(name, listener),
      isOnlineHint: () => this.isOnline,
      reportError: (error) => this.reported.push(error),
      onWakeHint: (callback) => {
        this.#wakers.add(callback)
        return () => this.#wakers.delete(callback)
      },
      onFreeze: () => () => {},
    }
  }

  /** An id that nobody else has. */
  newId(): OperationId {
    return newId(this.environment())
  }

  /** Lets everything happen that can happen without time passing. */
  async settle(): Promise<void> {
    // Each turn of the event loop drains every microtask; a chain of calls takes a few turns.
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  }

  /** Moves the clock, timer by timer. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.nowMs + byMs
    for (;;) {
      await this.settle()
      const next = [...this.#timers].toSorted((left, right) => left.atMs - right.atMs)[0]
      if (next === undefined || next.atMs > untilMs) break
      this.#timers.delete(next)
      this.nowMs = Math.max(this.nowMs, next.atMs)
      next.callback()
    }
    this.nowMs = untilMs
    await this.settle()
  }

  /** Somebody sets the device's clock; timers that run are not touched. */
  jumpClock(byMs: number): void {
    this.nowMs += byMs
    this.#timers = new Set([...this.#timers].map((timer) => Object.assign(timer, { atMs: timer.atMs + byMs })))
  }

  /** What a browser does when the network comes back. */
  async hint(): Promise<void> {
    for (const wake of this.#wakers) wake()
    await this.settle()
  }

  #openChannel(
    name: string,
    listener: (message: unknown) => void,
  ): { post: (message: unknown) => void; close: () => void } {
    const listeners = this.#channels.get(name) ?? new Set()
    this.#channels.set(name, listeners)
    listeners.add(listener)
    return {
      post: (message) => {
        const copy: unknown = structuredClone(message)
        for (const other of listeners) if (other !== listener) queueMicrotask(() => other(copy))
      },
      close: () => listeners.delete(listener),
    }
  }

  #acquire(
    name: string,
    { signal, steal }: { readonly signal: AbortSignal; readonly steal?: boolean },
  ): Promise<HeldLock> {
    return new Promise((resolve, reject) => {
      const grant = (): void => {
        if (signal.aborted) return this.#next(name)
        const lost = new AbortController()
        const release = (): void => {
          if (this.#locks.get(name)?.holder === lost) this.#next(name)
        }
        this.#locks.set(name, { holder: lost, release })
        resolve({ lost: lost.signal, release })
      }
      signal.addEventListener('abort', () => {
        reject(new Error('aborted'))
      })
      const held = this.#locks.get(name)
      if (steal === true) {
        held?.holder.abort()
        grant()
      } else if (held === undefined) grant()
      else this.#queues.set(name, [...(this.#queues.get(name) ?? []), grant])
    })
  }

  #next(name: string): void {
    this.#locks.set(name, undefined)
    const [first, ...rest] = this.#queues.get(name) ?? []
    this.#queues.set(name, rest)
    first?.()
  }
}

/** What the server does with the next requests instead of answering properly. */
export type Misbehaviour = RawAnswer | 'lose-request' | 'lose-answer'

/** A server with a ledger. */
export class FakeServer {
  readonly ledger = new Map<OperationId, FinalOutcome>()
  /** What each operation said that was decided: under its id nothing else is taken. */
  readonly #contents = new Map<OperationId, string>()
  /** Effects, in the order in which they happened. */
  readonly effects: WireOperation[] = []
  readonly requests: BatchRequest[] = []
  session: { tenant: string; user: string } | null = { tenant: 'north', user: 'ana' }
  probe: ProbeAnswer['kind'] = 'green'
  probes = 0
  /** Decides about an operation; default: everything is applied. */
  decide: (operation: WireOperation) => FinalOutcome = () => ({ outcome: 'applied', version: 1 })
  /** Refuses an operation before anything is decided; `undefined` takes it. */
  refuse: (operation: WireOperation) => FinalOutcome | undefined = () => undefined
  /** Called for each request; `undefined` behaves. */
  misbehave: (batch: BatchRequest) => Misbehaviour | undefined = () => undefined

  transport(): Transport {
    return {
      send: async (batch) => {
        await Promise.resolve()
        this.requests.push(structuredClone(batch))
        const fault = this.misbehave(batch)
        if (fault === 'lose-request') return { kind: 'none', cause: 'network' }
        if (fault !== undefined && fault !== 'lose-answer') return fault
        const answer = this.#answer(batch)
        return fault === 'lose-answer' ? { kind: 'none', cause: 'network' } : answer
      },
      probe: async () => {
        await Promise.resolve()
        this.probes += 1
        return this.probe === 'green' ? { kind: 'green', session: this.session } : { kind: this.probe }
      },
    }
  }

  #answer(batch: BatchRequest): RawAnswer {
    const { session } = this
    if (session === null) return refusal(401, 'unauthenticated')
    if (session.tenant !== batch.tenant || session.user !== batch.user) return refusal(403, 'wrong-identity')
    const stopped = new Set<string>()
    const outcomes = batch.operations.map((operation) => this.#apply(operation, stopped))
    return httpAnswer(200, { outcomes }, answerMediaType)
  }

  #apply(operation: WireOperation, stopped: Set<string>): OperationOutcome {
    const { id, lane } = operation
    if (stopped.has(lane)) return { id, outcome: 'deferred' }
    const known = this.ledger.get(id)
    const content = this.#contents.get(id)
    if (content !== undefined && content !== canonicalText(operation.payload)) {
      stopped.add(lane)
      return { id, outcome: 'rejected', problem: problem('id-reused', 'The id has been used before') }
    }
    if (known !== undefined) {
      if (known.outcome !== 'applied') stopped.add(lane)
      return { id, outcome: 'duplicate', first: known }
    }
    const links = linksOf(operation)
    for (const old of links) {
      const first = this.ledger.get(old)
      if (first?.outcome === 'applied') return { id, outcome: 'duplicate', first, of: old }
    }
    this.#contents.set(id, canonicalText(operation.payload))
    const refused = this.refuse(operation)
    if (refused !== undefined) {
      this.ledger.set(id, refused)
      stopped.add(lane)
      return { id, ...refused }
    }
    for (const old of settledWith(operation)) {
      if (!this.ledger.has(old))
        this.ledger.set(old, { outcome: 'rejected', problem: problem('cancelled', 'Cancelled') })
    }
    const outcome: FinalOutcome = operation.cancel === undefined ? this.decide(operation) : { outcome: 'applied' }
    this.ledger.set(id, outcome)
    if (outcome.outcome !== 'applied') stopped.add(lane)
    else if (operation.cancel === undefined) this.effects.push(operation)
    return { id, ...outcome }
  }
}

/** An HTTP answer with a JSON body. */
export function httpAnswer(
  status: number,
  body: unknown,
  mediaType: string,
  more: Partial<HttpAnswer> = {},
): RawAnswer {
  return {
    kind: 'http',
    status,
    redirected: false,
    mediaType,
    retryAfter: undefined,
    date: undefined,
    body,
    ...more,
  }
}

/** An answer that is one of our problems. */
export function refusal(status: number, code: Parameters<typeof problem>[0]): RawAnswer {
  return httpAnswer(status, problem(code, code), problemMediaType)
}
