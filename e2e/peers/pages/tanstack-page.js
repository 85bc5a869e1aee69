// @tanstack/offline-transactions in a page, as its README and the guide that it ships with show it. JavaScript, so that
// checking types needs none of the peer's packages.
import { createCollection } from '@tanstack/db'
import { startOfflineExecutor } from '@tanstack/offline-transactions'

/**
 * Makes the sender of a page; `send` is the app's mutation function for one order.
 *
 * @param {(id: string, idempotencyKey: string) => Promise<void>} send
 * @param {() => readonly string[]} refused ids that the app itself has noted as refused
 */
export async function tanstackSender(send, refused) {
  const told = new Set()
  const orders = createCollection({
    id: 'orders',
    getKey: ({ id }) => id,
    startSync: true,
    sync: {
      sync: ({ markReady }) => {
        markReady()
      },
    },
  })
  const executor = startOfflineExecutor({
    collections: { orders },
    mutationFns: {
      addOrder: ({ transaction, idempotencyKey }) => send(transaction.mutations[0].modified.id, idempotencyKey),
    },
  })
  await executor.waitForInit()

  const stored = async () =>
    (await executor.peekOutbox()).flatMap(({ mutations }) => mutations.map(({ modified }) => modified.id))

  return {
    write: async (id) => {
      const transaction = executor.createOfflineTransaction({ mutationFnName: 'addOrder', autoCommit: false })
      transaction.mutate(() => orders.insert({ id }))
      let said
      transaction.commit().then(
        () => (said = 'sent'),
        () => {
          said = 'failed'
          told.add(id)
        },
      )
      // There is no event for "it is in the outbox", so the app looks.
      while (said === undefined && !(await stored()).includes(id))
        await new Promise((resolve) => setTimeout(resolve, 5))
      return said ?? 'kept'
    },
    stored,
    held: () => Promise.resolve([]),
    told: () => Promise.resolve([...told, ...refused()]),
    signedIn: () => {},
  }
}
