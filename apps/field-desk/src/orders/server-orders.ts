/**
 * The company's orders as the server has them: fetched, and kept on the device for the person they were fetched for.
 * An answer that belongs to another session is thrown away: two people can share a browser, and its one cookie.
 */
import { isRecord } from '@holdfast/core'
import { personKey, type Identity } from '../session/identity.ts'

/** What is shown of an order, wherever it is. */
export interface ShownOrder {
  readonly id: string
  readonly items: readonly { readonly name: string; readonly quantity: number }[]
  readonly tableNumber: number | undefined
  readonly serverName: string
  readonly totalCents: number
  readonly notes: string | undefined
  /** When it was placed by its device's clock, ms since 1970. */
  readonly placedAtMs: number
}

/** A page of the server's orders. */
export interface ServerOrders {
  readonly orders: readonly ShownOrder[]
  /** When the server said so, by this device's clock, ms since 1970. */
  readonly fetchedAtMs: number
}

/** The header in which the server says whose session it answered: `tenant/user`, parts encoded. */
const sessionHeader = 'field-desk-session'

const path = '/api/pos/orders?limit=50'
const timeoutMs = 15_000

/** Fetches the latest orders; `undefined` when the server could not be asked, or answered somebody else. */
export async function fetchServerOrders(identity: Identity, nowMs: number): Promise<ServerOrders | undefined> {
  try {
    const response = await fetch(path, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) })
    if (response.status !== 200 || response.headers.get(sessionHeader) !== personKey(identity)) return undefined
    const body: unknown = await response.json()
    return isRecord(body) ? parseServerOrders({ orders: listed(body['orders']), fetchedAtMs: nowMs }) : undefined
  } catch {
    // Not reached, too slow, or no JSON: the list of before is shown on, with its time.
    return undefined
  }
}

/** Reads a page of orders as this device kept it; `undefined` for anything else. */
export function parseServerOrders(value: unknown): ServerOrders | undefined {
  if (!isRecord(value)) return undefined
  const { orders, fetchedAtMs } = value
  if (!Array.isArray(orders) || typeof fetchedAtMs !== 'number') return undefined
  const parsed = orders.map(parseOrder)
  return parsed.every((order) => order !== undefined) ? { orders: parsed, fetchedAtMs } : undefined
}

/** Reads an order: a payload of ours, the server's state of it, or what this device kept. */
export function parseOrder(value: unknown): ShownOrder | undefined {
  if (!isRecord(value)) return undefined
  const { id, items, tableNumber, serverName, totalCents, notes, timestamp, placedAtMs } = value
  if (typeof id !== 'string' || typeof serverName !== 'string' || typeof totalCents !== 'number') return undefined
  const atMs = typeof placedAtMs === 'number' ? placedAtMs : Date.parse(String(timestamp))
  if (!Array.isArray(items) || !Number.isFinite(atMs)) return undefined
  const lines = items.map((item: unknown) => {
    if (!isRecord(item)) return undefined
    const { name, quantity } = item
    return typeof name === 'string' && typeof quantity === 'number' ? { name, quantity } : undefined
  })
  if (!lines.every((line) => line !== undefined)) return undefined
  return {
    id,
    items: lines,
    tableNumber: typeof tableNumber === 'number' ? tableNumber : undefined,
    serverName,
    totalCents,
    notes: typeof notes === 'string' ? notes : undefined,
    placedAtMs: atMs,
  }
}

function listed(orders: unknown): unknown {
  return Array.isArray(orders) ? orders.map((item: unknown) => (isRecord(item) ? item['order'] : undefined)) : undefined
}
