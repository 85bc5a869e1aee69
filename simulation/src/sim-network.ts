/**
 * The way between a context and the server, and everything that goes wrong on it. A request and its answer travel
 * separately, so either can be lost, late or doubled; the session is the one in the cookie when the request left.
 */
import { batchPath, healthPath, parseHealthAnswer, type BatchRequest, type RawAnswer } from '@holdfast/core'
import type { ProbeAnswer, Transport } from '@holdfast/client'
import { answerFault, isDownNow, type Damage, type NetworkWeather } from './answer-fault.ts'
import type { Journal } from './journal.ts'
import type { SimClock } from './sim-clock.ts'
import type { SimContext } from './sim-context.ts'
import type { SimRandom } from './random.ts'
import type { ServerModel, SimResponse, SimSession } from './server-model.ts'

/** Hears of what travels. */
export interface NetworkWatch {
  /** A batch leaves a context. */
  readonly onSend: (context: SimContext, batch: BatchRequest) => void
  /** The server asked this context to wait. */
  readonly onAskedToWait: (context: SimContext, waitMs: number) => void
  /** An answer has reached a context. */
  readonly onAnswer: (answer: RawAnswer) => void
  /** The request of a context is over: it was answered, or given up. */
  readonly onDone: (context: SimContext) => void
}

/** What the network of one device stands on. */
export interface SimNetworkHost {
  readonly clock: SimClock
  readonly random: SimRandom
  readonly journal: Journal
  readonly server: ServerModel
  /** True while no server runs. */
  readonly isServerDown: () => boolean
  /** The server dies and is not back for some seconds. */
  readonly crashServer: () => void
  /** A context dies. */
  readonly kill: (context: SimContext) => void
  readonly weather: () => NetworkWeather
  /** The cookie. */
  readonly session: () => SimSession | null
  readonly watch: NetworkWatch
}

const [sendTimeoutMs, probeTimeoutMs] = [30_000, 8000]
/** The longest that a copy of a request hangs about in a network, ms. */
export const lateCopyMaxMs: number = 3 * 24 * 3_600_000
const dayMs = 24 * 3_600_000

/** The network of one device. */
export class SimNetwork {
  readonly #host: SimNetworkHost

  constructor(host: SimNetworkHost) {
    this.#host = host
  }

  /** The transport of one context. */
  transport(context: SimContext): Transport {
    return {
      send: (batch, signal) => this.#send(context, batch, signal),
      probe: (signal) => this.#probe(context, signal),
    }
  }

  async #send(context: SimContext, batch: BatchRequest, signal: AbortSignal): Promise<RawAnswer> {
    const { clock, random, journal, watch, weather, kill } = this.#host
    watch.onSend(context, batch)
    const fault = answerFault(weather(), clock.nowMs, random)
    if (fault.kind !== undefined) journal.fault(fault.kind)
    if (fault.kills === 'mid-request') {
      clock.after(random.between(0, 160), () => {
        kill(context)
      })
    }
    const answer = await this.#exchange(context, batchPath, JSON.stringify(batch), fault, sendTimeoutMs, signal)
    watch.onDone(context)
    if (fault.kills === 'before-mark') kill(context)
    if (typeof answer === 'string') {
      journal.note(`${context.name} < ${answer}`)
      return { kind: 'none', cause: answer }
    }
    journal.note(`${context.name} < ${answer.status} ${answer.text.slice(0, 6000)}`)
    if (answer.status === 403 && answer.text.includes('wrong-identity')) journal.fault('wrong-session')
    if (answer.retryAfterMs !== undefined && (answer.status === 429 || answer.status === 503)) {
      watch.onAskedToWait(context, answer.retryAfterMs)
    }
    const { status, mediaType, redirected = false, retryAfter, date } = answer
    const raw: RawAnswer = { kind: 'http', status, redirected, mediaType, retryAfter, date, body: parseBody(answer) }
    watch.onAnswer(raw)
    return raw
  }

  async #probe(context: SimContext, signal: AbortSignal): Promise<ProbeAnswer> {
    const { random, journal, weather } = this.#host
    const { isFlapping, isCaptive, probeTrouble, ...now } = weather()
    const isOffline = now.isOffline || (isFlapping && isDownNow(this.#host.clock.nowMs))
    const isWrong = random.chance(probeTrouble)
    if (isWrong) journal.fault('probe-wrong')
    const fault: Damage = isOffline || (isWrong && random.chance(0.6)) ? { loses: 'request' } : {}
    const isForeign = isCaptive || (isWrong && fault.loses === undefined)
    const answer = await this.#exchange(context, healthPath, '', fault, probeTimeoutMs, signal)
    if (typeof answer === 'string') return { kind: 'red' }
    if (isForeign) return { kind: 'captive' }
    if (answer.status >= 500) return { kind: 'red' }
    const health = parseHealthAnswer(parseBody(answer))
    return health === undefined ? { kind: 'captive' } : { kind: 'green', session: health.session }
  }

  /** Sends a request and waits for its answer, the time-out or the signal, whichever comes first in this context. */
  #exchange(
    context: SimContext,
    path: string,
    text: string,
    fault: Damage,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<SimResponse | 'network' | 'timeout' | 'aborted'> {
    const { clock, random, journal } = this.#host
    const session = this.#host.session()
    return new Promise((resolve) => {
      let isOver = false
      const finish = (answer: SimResponse | 'network' | 'timeout' | 'aborted'): void => {
        if (isOver) return
        isOver = true
        cancelTimeout()
        resolve(answer)
      }
      const cancelTimeout = context.after(timeoutMs, () => {
        finish('timeout')
      })
      if (signal.aborted) {
        finish('aborted')
        return
      }
      signal.addEventListener('abort', () => {
        finish('aborted')
      })
      const back = (answer: SimResponse | 'network'): void => {
        const delayMs = random.between(5, 80) + (fault.delayMs ?? 0)
        if (fault.loses === 'answer' && fault.hangs === true) return
        context.after(delayMs, () => {
          finish(fault.loses === 'answer' ? 'network' : answer)
        })
      }
      const sentAtMs = clock.nowMs
      if (fault.isCopiedLater === true) {
        clock.after(random.chance(0.8) ? random.between(500, 120_000) : random.between(0, lateCopyMaxMs), () => {
          if (clock.nowMs - sentAtMs > dayMs) journal.fault('copy-arrived-days-later')
          void this.#atServer(path, session, text)
        })
      }
      if (fault.loses === 'request') {
        if (fault.hangs !== true) back('network')
        return
      }
      clock.after(random.between(5, 80), () => {
        if (fault.instead !== undefined && fault.isAppliedFirst !== true) {
          back(fault.instead)
          return
        }
        if (fault.crashes === 'before-commit') {
          this.#host.crashServer()
          back('network')
          return
        }
        if (fault.isDoubled === true) void this.#atServer(path, session, text)
        void this.#atServer(path, session, text).then((answer) => {
          if (fault.crashes === 'after-commit') {
            this.#host.crashServer()
            back('network')
            return
          }
          if (answer === undefined) {
            journal.fault('server-down')
            back('network')
            return
          }
          back(fault.instead ?? fault.change?.(answer) ?? answer)
        })
      })
    })
  }

  async #atServer(path: string, session: SimSession | null, text: string): Promise<SimResponse | undefined> {
    if (this.#host.isServerDown()) return undefined
    return this.#host.server.answer(path, session, text, Math.floor(this.#host.clock.nowMs))
  }
}

function parseBody({ mediaType, text }: SimResponse): unknown {
  if (!mediaType.includes('json')) return undefined
  try {
    const body: unknown = JSON.parse(text)
    return body
  } catch {
    return undefined
  }
}
