/**
 * A small HTTP proxy that can be broken in every way the way to a server breaks. It stands on the port that the
 * browser uses, in front of the real server, and keeps that port while it is down, so that "the server is away" is a
 * refused connection and nothing else.
 */
import {
  createServer,
  request as requestUpstream,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** A request as the proxy saw it. */
export interface ProxiedRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** What the proxy does with a request that it breaks. */
export type Fault =
  /** Answers itself; the server sees nothing. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers?: Record<string, string>
      readonly body?: string
    }
  /** Waits before the server sees it, so that requests overlap. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** Cuts the connection; the server sees nothing. */
  | { readonly kind: 'cut' }
  /** Takes the request and says nothing, until the fault is lifted (then the connection is cut). */
  | { readonly kind: 'hold' }
  /** Lets the server do its work and then says nothing. */
  | { readonly kind: 'hold-answer' }
  /** Lets the server do its work and cuts the connection instead of answering. */
  | { readonly kind: 'drop-answer' }
  /** Cuts the answer's body in half. */
  | { readonly kind: 'truncate' }

/** Which requests a fault is for. */
export type Matching = (request: ProxiedRequest) => boolean

/** The batch door. */
export const batchDoor: Matching = ({ path }) => path.startsWith('/api/sync/offline-operations')

/** Every door of the API. */
export const everyDoor: Matching = ({ path }) => path.startsWith('/api/')

/** The proxy; it listens from `start` to `close`. */
export class BreakableProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #held = new Set<ServerResponse>()
  readonly seen: ProxiedRequest[] = []
  #batchesNow = 0
  #batchesAtOnceMax = 0
  #upstreamPort = 0
  #port = 0
  #fault: { readonly fault: Fault; readonly matching: Matching } | undefined

  constructor() {
    this.#server = createServer((incoming, outgoing) => {
      // A page that goes away in the middle of a request is no failure of the test.
      this.#handle(incoming, outgoing).catch(() => outgoing.destroy())
    })
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => socket.destroy())
    })
  }

  /** The origin that the browser uses. */
  get url(): string {
    return `http://localhost:${this.#port}`
  }

  /** How many requests are being held. */
  get heldCount(): number {
    return this.#held.size
  }

  /** The most requests that were at the batch door at one time, since the last `reset`. */
  get batchesAtOnceMax(): number {
    return this.#batchesAtOnceMax
  }

  /** The ids of the operations that came to the batch door since the last `reset`, as often as they came. */
  get operationsSent(): string[] {
    return this.seen.filter(batchDoor).flatMap(({ body }) => operationIds(body))
  }

  /** Requests that came to a door, since the last `reset`. */
  count(matching: Matching): number {
    return this.seen.filter(matching).length
  }

  async start(upstreamPort: number): Promise<void> {
    this.#upstreamPort = upstreamPort
    await this.up()
    const address = this.#server.address()
    if (isAddress(address)) this.#port = address.port
  }

  /** Refuses connections from now on, and cuts those that are open. */
  async down(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Takes connections again, on the same port. */
  async up(): Promise<void> {
    if (this.#server.listening) return
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#port, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
  }

  /** Breaks the requests that match. */
  breakWith(fault: Fault, matching: Matching = everyDoor): void {
    this.#fault = { fault, matching }
  }

  /** Lets everything pass again. */
  async heal(): Promise<void> {
    this.#fault = undefined
    for (const response of this.#held) response.destroy()
    this.#held.clear()
    await this.up()
  }

  /** Heals, and forgets what it has seen. */
  async reset(): Promise<void> {
    await this.heal()
    this.seen.length = 0
    this.#batchesAtOnceMax = this.#batchesNow
  }

  async close(): Promise<void> {
    await this.down()
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/', headers } = incoming
    const body = await readAll(incoming)
    const request = { method, path, headers, body }
    this.seen.push(request)
    if (batchDoor(request)) this.#countBatch(outgoing)
    const fault = this.#fault?.matching(request) === true ? this.#fault.fault : undefined
    if (fault?.kind === 'answer') {
      outgoing.writeHead(fault.status, fault.headers)
      outgoing.end(fault.body ?? '')
      return
    }
    if (fault?.kind === 'cut') {
      outgoing.destroy()
      return
    }
    if (fault?.kind === 'hold') {
      this.#hold(outgoing)
      return
    }
    if (fault?.kind === 'slow') await wait(fault.delayMs)
    await this.#forward(request, outgoing, fault)
  }

  async #forward(request: ProxiedRequest, outgoing: ServerResponse, fault: Fault | undefined): Promise<void> {
    const { method, path, headers, body } = request
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const upstream = requestUpstream({ host: 'localhost', port: this.#upstreamPort, method, path, headers }, resolve)
      upstream.on('error', reject)
      // An event stream ends when its reader goes, and not before.
      outgoing.on('close', () => upstream.destroy())
      upstream.end(body)
    })
    const { statusCode = 502, headers: answerHeaders } = answer
    if (fault === undefined || fault.kind === 'slow') {
      outgoing.writeHead(statusCode, answerHeaders)
      answer.pipe(outgoing)
      return
    }
    const answerBody = await readAll(answer)
    if (fault.kind === 'hold-answer') this.#hold(outgoing)
    else if (fault.kind === 'drop-answer') outgoing.destroy()
    else {
      const { 'content-length': _, 'transfer-encoding': __, ...rest } = answerHeaders
      outgoing.writeHead(statusCode, rest)
      outgoing.end(answerBody.subarray(0, Math.floor(answerBody.length / 2)))
    }
  }

  #countBatch(outgoing: ServerResponse): void {
    this.#batchesNow += 1
    this.#batchesAtOnceMax = Math.max(this.#batchesAtOnceMax, this.#batchesNow)
    outgoing.on('close', () => (this.#batchesNow -= 1))
  }

  #hold(outgoing: ServerResponse): void {
    this.#held.add(outgoing)
    outgoing.on('close', () => this.#held.delete(outgoing))
  }
}

function operationIds(body: Buffer): string[] {
  const request: unknown = JSON.parse(body.toString('utf8'))
  if (!isRecord(request) || !Array.isArray(request['operations'])) return []
  return request['operations'].map((operation: unknown) => (isRecord(operation) ? String(operation['id']) : '?'))
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) {
    if (Buffer.isBuffer(chunk)) chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function isAddress(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}
