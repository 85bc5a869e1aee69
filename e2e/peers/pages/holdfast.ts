/** Holdfast in a page, as its README shows it: an outbox here, its runtime in the worker, a sync event kept armed. */
import { setCurrentIdentity } from '@holdfast/client'
import { isRecord } from '@holdfast/core'
import { keepSyncArmed } from '@holdfast/service-worker'
import { addOrder, application, openOrders } from './order.ts'
import { workerReady } from './sender.ts'

const session = { tenant: new URLSearchParams(location.search).get('tenant') ?? 'north', user: 'ana' }
await setCurrentIdentity(application, session)
const outbox = await openOrders(session)
await workerReady('/holdfast-worker.js')
keepSyncArmed(outbox, { page: document })

const idsOf = async (state?: 'dead') =>
  (await outbox.entries({ limit: 500, ...(state !== undefined && { state }) })).map(({ payload }) =>
    isRecord(payload) && typeof payload['id'] === 'string' ? payload['id'] : '?',
  )

window.sender = {
  write: async (id) => {
    await outbox.enqueue(addOrder, { id })
    return 'kept'
  },
  stored: () => idsOf(),
  held: () => idsOf('dead'),
  told: () => Promise.resolve([]),
  signedIn: () => outbox.authenticated(),
}
