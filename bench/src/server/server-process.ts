/** The server that is measured, in a process of its own: says its port, then serves until it is told to end. */
import { defineLane, defineOperation, isRecord, type Schema } from '@holdfast/core'
import { applied, createSyncServer, decide, on } from '@holdfast/server'
import { openPostgres } from '@holdfast/server/postgres'
import { listenOnNode } from '@holdfast/server/node'

interface Thing {
  readonly id: string
  readonly text: string
}

const schema: Schema<Thing> = {
  '~standard': {
    version: 1,
    vendor: 'bench',
    validate: (value) =>
      isRecord(value) && typeof value['id'] === 'string' && typeof value['text'] === 'string'
        ? { value: { id: value['id'], text: value['text'] } }
        : { issues: [{ message: 'no thing' }] },
  },
}

const lane = defineLane('thing')
const putThing = defineOperation({
  type: 'thing.put',
  version: 1,
  payload: schema,
  lane: ({ id }) => lane(id),
  entity: ({ id }) => ({ kind: 'thing', id }),
})

const [url = ''] = process.argv.slice(2)
const database = await openPostgres({ url, log: () => undefined })
const sync = createSyncServer({
  database,
  handlers: [
    on(
      putThing,
      decide(({ payload }) => applied({ id: payload.id, text: payload.text })),
    ),
  ],
  // Every name is somebody: what is measured is not the sign-in.
  authenticate: (request) => {
    const [tenant = '', user = ''] = (request.headers.get('x-session') ?? '').split('/')
    return tenant === '' ? null : { tenant, user, roles: [] }
  },
  feed: { totalMax: 100_000 },
})
const server = await listenOnNode({
  port: 0,
  host: '127.0.0.1',
  fetch: (request) => sync.routes.fetch(request),
  onClose: sync.close,
})
process.on('SIGTERM', () => {
  void server.close().then(async () => {
    await database.close()
    process.exit(0)
  })
})
console.log(server.port)
