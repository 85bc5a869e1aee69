/** The operation of our side: one order, all of them in one lane, as the peers' queues are one lane too. */
import { batchTransport, openOutbox, type Outbox, type Session } from '@holdfast/client'
import { defineLane, defineOperation, isRecord, type OperationDefinition, type Schema } from '@holdfast/core'

/** The payload: a name that the harness can recognise. */
export interface Order {
  readonly id: string
}

const schema: Schema<Order> = {
  '~standard': {
    version: 1,
    vendor: 'peers',
    validate: (value) =>
      isRecord(value) && typeof value['id'] === 'string'
        ? { value: { id: value['id'] } }
        : { issues: [{ message: 'must have an id', path: ['id'] }] },
  },
}

// A refused order lets those behind it pass, as it does in both peers.
const counter = defineLane('counter', { onDead: 'skip' })

/** Adds an order to the one list that the server keeps: an effect that shows when it happens twice or out of turn. */
export const addOrder: OperationDefinition<Order> = defineOperation({
  type: 'order.add',
  version: 1,
  payload: schema,
  lane: () => counter('1'),
  entity: () => ({ kind: 'list', id: 'orders' }),
})

/** The name that page and worker share. */
export const application = 'peers'

/** A door that exists in the worker alone, which stores what is posted there. */
export const keptDoor = '/api/kept-orders'

/** Opens the outbox, in the page and in the worker alike. */
export function openOrders(session: Session): Promise<Outbox> {
  return openOutbox({ name: application, operations: [addOrder], session, transport: batchTransport() })
}
