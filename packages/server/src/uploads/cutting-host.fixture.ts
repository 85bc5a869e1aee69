/** A server over real HTTP whose connections are cut after some bytes, for clients that must go on where they were. */
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import type { Hono } from 'hono'

/** A running host. */
export interface CuttingHost {
  readonly origin: string
  /** How many connections it has cut. */
  readonly cuts: () => number
  readonly close: () => Promise<void>
}

/** Serves an app; the n-th request is cut when its body has brought `cutAfterBytes(n)` bytes (`undefined`: never). */
export async function openCuttingHost(
  app: Hono,
  cutAfterBytes: (request: number) => number | undefined,
): Promise<CuttingHost> {
  let requests = 0
  let cuts = 0
  const server = createServer((incoming, outgoing) => {
    const most = cutAfterBytes(requests)
    requests += 1
    let bytes = 0
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (most === undefined || bytes < most || incoming.socket.destroyed) return
      cuts += 1
      incoming.socket.destroy()
    })
    incoming.on('error', () => undefined)
    const headers = new Headers()
    for (const [name, value] of Object.entries(incoming.headers)) {
      if (typeof value === 'string') headers.set(name, value)
    }
    const hasBody = incoming.method !== 'GET' && incoming.method !== 'HEAD'
    const request = new Request(new URL(incoming.url ?? '/', 'http://localhost'), {
      method: incoming.method ?? 'GET',
      headers,
      ...(hasBody && { body: Readable.toWeb(incoming), duplex: 'half' as const }),
    })
    Promise.resolve(app.fetch(request))
      .then(async (answer) => {
        outgoing.writeHead(answer.status, Object.fromEntries(answer.headers))
        outgoing.end(Buffer.from(await answer.arrayBuffer()))
      })
      // The connection is cut: nobody is there to be answered.
      .catch(() => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    origin: `http://127.0.0.1:${port}`,
    cuts: () => cuts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
