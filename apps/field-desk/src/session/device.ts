/**
 * What this device remembers between visits, apart from the outbox: who works here, a sign-out that the server has not
 * heard of yet, and the last list of orders of each person. All of it can be lost without losing a write.
 */
import { parseIdentity, personKey, type Identity } from './identity.ts'

/** The part of `Storage` that is used. */
export type KeyValueStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/** What is remembered. */
export interface Device {
  /** The person who works here, also when the session is over and offline. */
  readonly identity: () => Identity | undefined
  readonly remember: (identity: Identity) => void
  /** Forgets the person, and the copy of the company's orders that was kept for them. */
  readonly forget: () => void
  /** True while a sign-out waits for the server: its cookie can only be taken away by the server. */
  readonly isLeaving: () => boolean
  readonly setLeaving: (isLeaving: boolean) => void
  /** The last list of orders that a person was shown, as JSON. */
  readonly orders: (identity: Identity) => unknown
  readonly keepOrders: (identity: Identity, orders: unknown) => void
}

/** The key under which the identity stands: other tabs hear of its changes. */
export const identityKey = 'field-desk:identity'
const leavingKey = 'field-desk:leaving'
const ordersKey = (identity: Identity) => `field-desk:orders:${personKey(identity)}`

/** Opens what the device remembers. A storage that refuses (private mode, full) remembers nothing, and that is all. */
export function openDevice(storage: KeyValueStorage): Device {
  const read = (key: string): unknown => {
    try {
      return JSON.parse(storage.getItem(key) ?? 'null')
    } catch {
      return undefined
    }
  }
  const write = (key: string, value: unknown) => {
    try {
      if (value === undefined) storage.removeItem(key)
      else storage.setItem(key, JSON.stringify(value))
    } catch {
      // Nothing that is kept here is needed to keep a promise.
    }
  }
  const identity = () => parseIdentity(read(identityKey))
  return {
    identity,
    remember: (person) => write(identityKey, person),
    forget: () => {
      const person = identity()
      if (person !== undefined) write(ordersKey(person), undefined)
      write(identityKey, undefined)
    },
    isLeaving: () => read(leavingKey) === true,
    setLeaving: (isLeaving) => write(leavingKey, isLeaving ? true : undefined),
    orders: (person) => read(ordersKey(person)),
    keepOrders: (person, orders) => write(ordersKey(person), orders),
  }
}
