/**
 * The page of the kill rounds. It writes as fast as the outbox takes it, one after the other, and reports each write
 * to the harness after it was acknowledged and not before: `?by=page` through an outbox of its own, `?by=worker` by
 * plain posts that the service worker stores. `?by=nobody` reports and stores nothing, to show that this is seen.
 */
import { setCurrentIdentity, type Outbox } from '@holdfast/client'
import { addOrder, application, keptDoor, openOrders } from './order.ts'
import { workerReady } from './sender.ts'

declare global {
  interface Window {
    /** Writes `PREFIX-0` to `PREFIX-(count - 1)`. A write that fails is not reported, and the next one is made. */
    writeAll(prefix: string, count: number): Promise<void>
    /** Ends `writeAll` after the write that is being made. */
    stopWriting(): void
    /** True when a database that an earlier page of this profile made is still there; makes it where it is not. */
    witness(): Promise<boolean>
    /** How many entries the device still holds. */
    pending(): Promise<number>
  }
}

const wishes = new URLSearchParams(location.search)
const session = { tenant: wishes.get('tenant') ?? 'north', user: 'ana' }
await setCurrentIdentity(application, session)
const outbox: Outbox | undefined = wishes.get('by') === 'page' ? await openOrders(session) : undefined
await workerReady('/holdfast-worker.js')

async function writeOne(id: string): Promise<boolean> {
  if (outbox !== undefined) {
    await outbox.enqueue(addOrder, { id })
    return true
  }
  if (wishes.get('by') === 'nobody') return true
  const headers = { 'Idempotency-Key': crypto.randomUUID(), 'Content-Type': 'application/json' }
  const response = await fetch(keptDoor, { method: 'POST', headers, body: JSON.stringify({ id }) })
  return response.ok
}

let isStopping = false

window.stopWriting = () => {
  isStopping = true
}

window.writeAll = async (prefix, count) => {
  isStopping = false
  for (let number = 0; number < count && !isStopping; number += 1) {
    const id = `${prefix}-${number}`
    try {
      if (await writeOne(id)) await fetch(`/acknowledged/${id}`, { method: 'POST' })
    } catch {
      // The worker was stopped in the middle: nobody has said that this one is safe.
    }
  }
}

window.witness = () =>
  new Promise((resolve, reject) => {
    let isThere = true
    const opening = indexedDB.open('witness')
    opening.addEventListener('upgradeneeded', () => {
      isThere = false
    })
    opening.addEventListener('success', () => {
      opening.result.close()
      resolve(isThere)
    })
    opening.addEventListener('error', () => reject(new Error('the witness could not be asked')))
  })

window.pending = async () => (await outbox?.entries({ limit: 500 }))?.length ?? 0
