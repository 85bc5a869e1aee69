/** The server of the peer: its page, its worker, and an order door that keeps what it was sent. */
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)

/** Finds the ready-made script of a Workbox module, which needs no bundler. */
const script = (name: string) => require.resolve(`${name}/build/${name}.prod.js`)

const files: Readonly<Record<string, string>> = {
  '/sw.js': fileURLToPath(new URL('sw.js', import.meta.url)),
  '/workbox-core.js': script('workbox-core'),
  '/workbox-background-sync.js': script('workbox-background-sync'),
}

/** The peer's server and what has reached it. */
export interface PeerServer {
  readonly port: number
  /** The ids of the orders in the order in which they came, repetitions included. */
  readonly orders: readonly string[]
  close(): Promise<void>
}

/** Starts the peer's server on a free port. */
export async function startPeer(): Promise<PeerServer> {
  const orders: string[] = []
  const server: Server = createServer((request, response) => {
    const { method, url = '/' } = request
    if (method === 'POST') {
      orders.push(url.replace('/api/orders/', ''))
      request.resume()
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}')
      return
    }
    const file = files[url]
    if (file === undefined) {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Peer</title>')
      return
    }
    readFile(file).then(
      (content) => response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(content),
      () => response.writeHead(500).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('a port was expected')
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { port: address.port, orders, close }
}
