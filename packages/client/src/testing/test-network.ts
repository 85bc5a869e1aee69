/**
 * The network between the tabs of a test and their server, and all that can go wrong on it. A fault takes one request;
 * after it the network works again.
 */
import type { BatchRequest, RawAnswer } from '@holdfast/core'
import type { Session } from '../store/registry.ts'
import type { ProbeAnswer, Transport } from '../transport/transport.ts'
import { httpAnswer, type TestServer } from './test-server.ts'

/** What happens to a request instead of arriving and being answered. */
export type NetworkFault =
  /** Never arrives. */
  | 'lose-request'
  /** Arrives and has its effects; the answer does not come back. */
  | 'lose-answer'
  /** Arrives twice; the second answer comes back. */
  | 'duplicate'
  /** A captive portal answers with a page of its own. */
  | 'captive'
  /** The server, or something before it, answers with a status and has done nothing. */
  | { readonly status: number; readonly retryAfter?: string; readonly body?: unknown; readonly mediaType?: string }

/** The network of a test. */
export class TestNetwork {
  /** False: nothing arrives, and the browser says so. */
  isOnline = true
  /** How long a request and its answer take, ms. While it is 0 no time passes at all. */
  roundTripMs = 0
  /** Chooses a fault for a request, before the ones that {@link fail} has queued. */
  faultOf: (request: BatchRequest) => NetworkFault | undefined = () => undefined
  readonly #server: TestServer
  readonly #faults: NetworkFault[] = []

  constructor(server: TestServer) {
    this.#server = server
  }

  /** The next requests meet these faults, one each. */
  fail(...faults: readonly NetworkFault[]): void {
    this.#faults.push(...faults)
  }

  /**
   * The transport of one tab of a person. `wait` passes time; a dead tab's requests still arrive, and nobody hears the
   * answer.
   */
  forTab(session: Session, wait: (delayMs: number) => Promise<void>): Transport {
    return {
      send: async (batch) => {
        // As on a network: text, and nothing that the caller still holds.
        const text = JSON.stringify(batch)
        await wait(this.roundTripMs / 2)
        const answer = this.#carry(text, batch)
        await wait(this.roundTripMs / 2)
        return answer
      },
      probe: async () => {
        await wait(this.roundTripMs)
        return this.#probe(session)
      },
    }
  }

  #carry(text: string, batch: BatchRequest): RawAnswer {
    if (!this.isOnline) return lost
    const fault = this.faultOf(batch) ?? this.#faults.shift()
    switch (fault) {
      case undefined:
        return this.#server.answer(text)
      case 'lose-request':
        return lost
      case 'lose-answer':
        this.#server.answer(text)
        return lost
      case 'duplicate':
        this.#server.answer(text)
        return this.#server.answer(text)
      case 'captive':
        return httpAnswer(200, '<!doctype html><title>Welcome to our Wi-Fi</title>', 'text/html')
      default:
        return httpAnswer(fault.status, fault.body ?? {}, fault.mediaType ?? 'text/html', fault.retryAfter)
    }
  }

  #probe(asking: Session): ProbeAnswer {
    if (!this.isOnline) return { kind: 'red' }
    const { session } = this.#server
    return { kind: 'green', session: session === undefined ? asking : session }
  }
}

const lost: RawAnswer = { kind: 'none', cause: 'network' }
