/**
 * The server that every peer sends to, and the one judge of what arrived. It has two doors: a plain one, which takes one
 * order a request and heeds an `Idempotency-Key` where there is one, and Holdfast's own, the real server kit on PGlite.
 * Both do the same: they add the order to one list, so that an effect that happens twice or out of turn can be seen.
 */
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { isRecord, problem, problemMediaType } from '@holdfast/core'
import { applied, createSyncServer, decide, on, refused, type Database } from '@holdfast/server'
import { openPglite } from '@holdfast/server/pglite'
import { Hono } from 'hono'
import { addOrder } from './pages/order.ts'
import type { Site } from './site.ts'

/** An order whose id has this in it is refused by the server, for good, with 400. */
export const poison = 'poison'

/** A server of one company: what one peer meets under one fault. */
export interface TruthServer {
  readonly port: number
  /** While it is false, every door answers 401. */
  isSignedIn: boolean
  /** The ids that a page has reported as acknowledged by its outbox. */
  readonly acknowledged: readonly string[]
  /** The ids of orders in the order in which they took effect, as often as they did. */
  effects(): Promise<readonly string[]>
  close(): Promise<void>
}

/** Opens the database that all truth servers of a run share; each is a tenant of its own. */
export function openTruthDatabase(): Promise<Database> {
  return openPglite({ log: () => undefined })
}

/** Starts a server on a free port. */
export async function startTruthServer(database: Database, site: Site, tenant: string): Promise<TruthServer> {
  const plain = new PlainDoor()
  const state = { isSignedIn: true }
  const acknowledged: string[] = []
  const sync = createSyncServer({
    database,
    authenticate: () => (state.isSignedIn ? { tenant, user: 'ana', roles: [] } : null),
    handlers: [
      on(
        addOrder,
        decide(({ payload: { id } }, entity) => {
          if (id.includes(poison)) return refused('This order is not for us.')
          return applied({ ids: [...idsOf(entity?.state), id] })
        }),
      ),
    ],
  })
  const app = new Hono().route('/', sync.routes)
  app.post('/api/orders/:id', ({ req }) =>
    state.isSignedIn ? plain.take(req.param('id'), req.header('Idempotency-Key')) : unauthenticated(),
  )
  app.post('/acknowledged/:id', ({ req, body }) => {
    acknowledged.push(req.param('id'))
    return body(null, 204)
  })
  app.get('/login', ({ html }) => html('<!doctype html><title>Sign in</title><form>Name and password, please</form>'))
  app.get('/', (context) => context.html(pageOf(context.req.query('page') ?? '')))
  app.get('/:script', ({ req, notFound }) => {
    const text = site.get(`/${req.param('script')}`)
    return text === undefined
      ? notFound()
      : new Response(text, { headers: { 'Content-Type': 'text/javascript', 'Cache-Control': 'no-store' } })
  })
  const listener = getRequestListener(app.fetch)
  const server = createServer((request, response) => void listener(request, response))
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('a port was expected')
  return {
    port: address.port,
    get isSignedIn() {
      return state.isSignedIn
    },
    set isSignedIn(value) {
      state.isSignedIn = value
    },
    acknowledged,
    effects: async () => {
      const list = (await sync.read(tenant, 'list', ['orders'])).get('orders')
      return [...plain.effects, ...idsOf(list?.state)]
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The door for those who send one order a request. */
class PlainDoor {
  readonly effects: string[] = []
  readonly #keys = new Set<string>()

  take(id: string, key: string | undefined): Response {
    if (id.includes(poison)) return Response.json({ error: 'This order is not for us.' }, { status: 400 })
    if (key === undefined || !this.#keys.has(key)) this.effects.push(id)
    if (key !== undefined) this.#keys.add(key)
    return Response.json({ id })
  }
}

function unauthenticated(): Response {
  return Response.json(problem('unauthenticated', 'Sign in first.'), {
    status: 401,
    headers: { 'Content-Type': problemMediaType },
  })
}

function pageOf(name: string): string {
  const script = /^[\w-]+$/.test(name) ? `<script type="module" src="/${name}.js"></script>` : ''
  return `<!doctype html><meta charset="utf-8"><title>Peer</title><link rel="icon" href="data:,">${script}`
}

function idsOf(state: unknown): readonly string[] {
  return isRecord(state) && Array.isArray(state['ids']) ? state['ids'].map(String) : []
}
