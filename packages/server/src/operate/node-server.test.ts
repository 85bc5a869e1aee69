import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { listenOnNode } from './node-server.ts'

/** Requests on connections that stay open, as browsers make them. */
function client(port: number, agent: Agent) {
  return async (path: string): Promise<{ readonly answer: IncomingMessage; readonly text: string }> => {
    const asked = request({ port, path, agent, host: 'localhost' })
    asked.end()
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      asked.once('response', resolve)
      asked.once('error', reject)
    })
    let text = ''
    answer.on('data', (chunk) => (text += String(chunk)))
    await once(answer, 'end')
    return { answer, text }
  }
}

test('a shutdown answers what is in hand, ends its connection, and refuses what comes after', async () => {
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  let arrived = (): void => undefined
  const waiting = new Promise<void>((resolve) => {
    arrived = resolve
  })
  const told: string[] = []
  const server = await listenOnNode({
    port: 0,
    fetch: async (asked) => {
      if (new URL(asked.url).pathname === '/slow') {
        arrived()
        await released
      }
      return new Response('done')
    },
    onClose: () => {
      told.push('close')
      return Promise.resolve()
    },
  })
  const agent = new Agent({ keepAlive: true })
  const get = client(server.port, agent)
  const first = await get('/fast')
  expect(first.answer.headers.connection).toBe('keep-alive')
  const slow = get('/slow')
  await waiting
  const closing = server.close()
  expect(server.close()).toBe(closing)
  await expect(get('/late')).rejects.toThrow(/ECONNREFUSED|socket hang up|ECONNRESET/)
  release()
  const { answer, text } = await slow
  expect(text).toBe('done')
  expect(answer.headers.connection).toBe('close')
  await closing
  expect(told).toEqual(['close'])
  agent.destroy()
})

test('a request that still comes on an open connection is told to come again, and nothing is done', async () => {
  let calls = 0
  let closing: Promise<void> | undefined
  const server = await listenOnNode({
    port: 0,
    fetch: () => {
      calls += 1
      // The shutdown begins while the second request already stands behind this one on the same connection.
      closing = server.close()
      return new Response('done')
    },
  })
  const socket = connect(server.port, 'localhost')
  let heard = ''
  socket.on('data', (chunk) => (heard += String(chunk)))
  const get = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
  socket.write(get + get)
  await once(socket, 'close')
  await closing
  expect(calls).toBe(1)
  // The first is answered whole. The second gets a refusal, or no answer at all; both make its sender ask again.
  expect(heard).toMatch(/^HTTP\/1\.1 200 /)
  expect(heard).toContain('done')
  expect(heard.match(/HTTP\/1\.1 200 /g)).toHaveLength(1)
})

test('a request that never ends does not hold the shutdown for ever', async () => {
  let arrived = (): void => undefined
  const waiting = new Promise<void>((resolve) => {
    arrived = resolve
  })
  const server = await listenOnNode({
    port: 0,
    finishWithinMs: 50,
    fetch: () => {
      arrived()
      return new Promise<Response>(() => undefined)
    },
  })
  const refused = expect(fetch(`http://localhost:${server.port}/`)).rejects.toThrow()
  await waiting
  await server.close()
  await refused
})

test('a port that is taken is refused with what to do', async () => {
  const server = await listenOnNode({ port: 0, fetch: () => new Response('') })
  const again = listenOnNode({ port: server.port, fetch: () => new Response('') })
  await expect(again).rejects.toThrow(/Port \d+ is taken by another program/)
  await server.close()
})
