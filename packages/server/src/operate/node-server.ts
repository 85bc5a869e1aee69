/**
 * An app on Node's HTTP server, with an end that loses no answer.
 *
 *   close() ─▶ no new connections ─▶ streams end ─▶ requests in hand are answered ─▶ closed
 *                                    a request that still comes on an open connection: 503 with Retry-After
 *
 * Clients send again what was refused, under the same ids, to whichever server is there by then.
 */
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { problem } from '@holdfast/core'
import { problemAnswer } from '../http/answer.ts'

/** What is served, and where. */
export interface NodeServerOptions {
  readonly fetch: (request: Request, env: object) => Response | Promise<Response>
  /** 0 takes any free port. */
  readonly port: number
  /** The address to listen on; by default all of them. */
  readonly host?: string
  /** Ends what would never end by itself, such as event streams. */
  readonly onClose?: () => Promise<void>
  /** How long requests may take to finish once the server is told to stop, ms. Default 8 s. */
  readonly finishWithinMs?: number
}

/** A server that serves. */
export interface NodeServer {
  readonly port: number
  /** Takes no new requests, answers those that came, ends streams; the same promise at every call. */
  readonly close: () => Promise<void>
}

const finishWithinDefaultMs = 8_000
const refusedRetryAfterMs = 2_000

/**
 * Starts to listen.
 *
 * @throws Error with a sentence that says what to do when the port cannot be had
 */
export async function listenOnNode(options: NodeServerOptions): Promise<NodeServer> {
  let closing: Promise<void> | undefined
  const answer = getRequestListener((request: Request, env: object) =>
    closing === undefined ? options.fetch(request, env) : refusal(),
  )
  const inHand = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    if (closing !== undefined) response.shouldKeepAlive = false
    inHand.add(response)
    response.once('close', () => inHand.delete(response))
    void answer(request, response)
  })
  const port = await listen(server, options)
  return {
    port,
    close: () => {
      // A connection that stays open would bring further requests, and none is taken any more.
      for (const response of inHand) response.shouldKeepAlive = false
      closing ??= finish(server, options)
      return closing
    },
  }
}

function refusal(): Response {
  const stopping = problem('unavailable', 'This server is stopping', { detail: 'Nothing was done. Send it again.' })
  return problemAnswer(stopping, { retryAfterMs: refusedRetryAfterMs })
}

async function listen(server: Server, { port, host }: NodeServerOptions): Promise<number> {
  server.listen({ port, ...(host !== undefined && { host }) })
  try {
    await once(server, 'listening')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE') {
      throw new Error(`Port ${port} is taken by another program. Stop that one, or choose another (0: any free one).`, {
        cause: error,
      })
    }
    if (code === 'EACCES') {
      throw new Error(`This user may not open port ${port}. Choose one from 1024 up.`, { cause: error })
    }
    throw error
  }
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

async function finish(
  server: Server,
  { onClose, finishWithinMs = finishWithinDefaultMs }: NodeServerOptions,
): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  // Browsers keep connections open for later; those that carry no request now go at once.
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), finishWithinMs)
  await onClose?.()
  // A connection whose last answer went out after the call above is idle only now.
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  await closed
  clearInterval(sweep)
  clearTimeout(timer)
}
