import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerMediaType, type BatchRequest } from '@holdfast/core'
import { afterEach, describe, expect, test } from 'vitest'
import { batchTransport } from './batch-transport.ts'
import type { Transport } from './transport.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(listener: RequestListener, options: { timeoutMs?: number } = {}): Promise<Transport> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on TCP has an address of this shape.
  const address: AddressInfo | string | null = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const base = `http://127.0.0.1:${port}`
  return batchTransport({ url: `${base}/batch`, healthUrl: `${base}/health`, ...options })
}

const batch: BatchRequest = {
  protocol: 1,
  tenant: 'north',
  user: 'ana',
  device: 'd',
  sequence: 1,
  pending: 0,
  oldestAgeMs: 0,
  operations: [],
}
const never = new AbortController().signal

describe('the batch transport', () => {
  test('reports status, media type, body and the headers that matter', async () => {
    const transport = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': answerMediaType, 'retry-after': '7' }).end('{"outcomes":[]}')
    })
    expect(await transport.send(batch, never)).toMatchObject({
      kind: 'http',
      status: 200,
      redirected: false,
      mediaType: answerMediaType,
      retryAfter: '7',
      body: { outcomes: [] },
    })
  })

  test('R128 the way to the network can be replaced: another fetch, other doors, headers of the moment', async () => {
    const asked: string[] = []
    const tokens = ['first', 'second']
    const transport = batchTransport({
      url: 'https://other.example/in',
      healthUrl: 'https://other.example/well',
      headers: () => ({ authorization: tokens.shift() ?? '' }),
      fetch: (input, init) => {
        const request = new Request(input, init)
        asked.push(`${request.method} ${request.url} ${request.headers.get('authorization')}`)
        const headers = { 'content-type': answerMediaType }
        return Promise.resolve(new Response('{"outcomes":[]}', { headers }))
      },
    })
    expect(await transport.send(batch, never)).toMatchObject({ status: 200, body: { outcomes: [] } })
    expect(await transport.probe(never)).toEqual({ kind: 'captive' })
    expect(asked).toEqual(['POST https://other.example/in first', 'GET https://other.example/well second'])
  })

  test('R063 says how many operations it carries, and sends what it was given', async () => {
    let seen: { size: string | undefined; body: string } | undefined
    const transport = await serve((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        seen = { size: String(request.headers['x-batch-size']), body }
        response.writeHead(200).end()
      })
    })
    await transport.send(batch, never)
    expect(seen).toEqual({ size: '0', body: JSON.stringify(batch) })
  })

  test('F018 a redirect is never followed to a login page', async () => {
    let visits = 0
    const transport = await serve((request, response) => {
      if (request.url === '/login') visits += 1
      response.writeHead(302, { location: '/login' }).end()
    })
    expect(await transport.send(batch, never)).toMatchObject({ kind: 'http', status: 302 })
    expect(visits).toBe(0)
  })

  test('F020 a truncated body is no body', async () => {
    const transport = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': answerMediaType }).end('{"outcomes":[')
    })
    expect(await transport.send(batch, never)).toMatchObject({ kind: 'http', body: undefined })
  })

  test('F016 an answer that never ends is a time-out, F030 a cut connection is a network error', async () => {
    const hanging = await serve((_request, response) => void response.writeHead(200).write('{'), { timeoutMs: 30 })
    expect(await hanging.send(batch, never)).toEqual({ kind: 'none', cause: 'timeout' })
    const cut = await serve((request) => void request.socket.destroy())
    expect(await cut.send(batch, never)).toEqual({ kind: 'none', cause: 'network' })
    const stop = AbortSignal.abort()
    expect(await cut.send(batch, stop)).toEqual({ kind: 'none', cause: 'aborted' })
  })

  test('F016 headers that never come are a time-out, for a probe as well', async () => {
    const headers = (): Promise<never> => Promise.withResolvers<never>().promise
    const transport = batchTransport({ headers, timeoutMs: 30, probeTimeoutMs: 30 })
    expect(await transport.send(batch, never)).toEqual({ kind: 'none', cause: 'timeout' })
    expect(await transport.probe(never)).toEqual({ kind: 'red' })
  })

  test('probes: our answer is green, anybody else is captive, an error or silence is red', async () => {
    const green = await serve((_request, response) => {
      response
        .writeHead(200, { 'content-type': answerMediaType })
        .end('{"holdfast":1,"session":{"tenant":"north","user":"ana"}}')
    })
    expect(await green.probe(never)).toEqual({ kind: 'green', session: { tenant: 'north', user: 'ana' } })
    const portal = await serve(
      (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    )
    expect(await portal.probe(never)).toEqual({ kind: 'captive' })
    const broken = await serve((_request, response) => void response.writeHead(502).end())
    expect(await broken.probe(never)).toEqual({ kind: 'red' })
    const gone = await serve((request) => void request.socket.destroy())
    expect(await gone.probe(never)).toEqual({ kind: 'red' })
  })
})
