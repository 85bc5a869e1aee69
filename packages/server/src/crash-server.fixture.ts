/**
 * A server process for the crash tests: the batch door over HTTP on a real PostgreSQL. It says on its output when it is
 * about to commit, or has committed and not yet answered, and then waits to be killed.
 */
import { createServer, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import type { Database } from './database/database.ts'
import { openPostgres } from './database/postgres.ts'
import { noteHandlers } from './notes.fixture.ts'
import { createSyncServer } from './sync-server.ts'

const [url = '', stallAt = 'never'] = process.argv.slice(2)
const say = (word: string): void => void process.stdout.write(`${word}\n`)
const forever = (): Promise<never> => new Promise(() => undefined)

/** Stalls the transaction that has written a batch: before its commit, or after it. */
function stalling(database: Database): Database {
  return {
    ...database,
    tx: async (tenant, run) => {
      let hasWritten = false
      const result = await database.tx(tenant, async ({ query }) => {
        const value = await run({
          query: async (name, text, params) => {
            const rows = await query(name, text, params)
            if (name === 'holdfast-write') hasWritten = true
            return rows
          },
        })
        if (hasWritten && stallAt === 'before-commit') {
          say('before-commit')
          await forever()
        }
        return value
      })
      if (hasWritten && stallAt === 'after-commit') {
        say('after-commit')
        await forever()
      }
      return result
    },
  }
}

function requestOf(incoming: IncomingMessage): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(incoming.headers)) if (typeof value === 'string') headers.set(name, value)
  const hasBody = incoming.method !== 'GET' && incoming.method !== 'HEAD'
  return new Request(`http://${incoming.headers.host ?? 'localhost'}${incoming.url ?? '/'}`, {
    ...(incoming.method !== undefined && { method: incoming.method }),
    headers,
    ...(hasBody && { body: Readable.toWeb(incoming), duplex: 'half' as const }),
  })
}

const database = await openPostgres({ url, log: ({ message }) => void process.stderr.write(`${message}\n`) })
const sync = createSyncServer({
  database: stalling(database),
  handlers: noteHandlers,
  authenticate: () => ({ tenant: 'north', user: 'ana', roles: [] }),
})
const server = createServer((incoming, outgoing) => {
  void Promise.resolve(sync.routes.fetch(requestOf(incoming))).then(async (response) => {
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    outgoing.end(Buffer.from(await response.arrayBuffer()))
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  say(`port ${typeof address === 'object' && address !== null ? address.port : 0}`)
})
