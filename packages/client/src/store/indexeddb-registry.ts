/** The registry on IndexedDB: a few records in a small database of its own. */
import { encodedName, isRecord, operationIdFrom, operationIdRandomBytes } from '@holdfast/core'
import type { Clock, Random } from '../environment.ts'
import { Connection } from './indexeddb-connection.ts'
import { inTransaction, resultOf } from './indexeddb-request.ts'
import { countWork } from './kept-work.ts'
import { databaseName, isSameSession, type RegisteredIdentity, type Registry, type Session } from './registry.ts'

const records = 'records'

/** The registry's records, by name. */
export interface RegistryRecords {
  readonly get: (key: string) => Promise<unknown>
  /** Changes a record in one strict transaction; what is the same object as before is not written. */
  readonly change: <Value>(key: string, next: (current: unknown) => Value) => Promise<Value>
  readonly close: () => Promise<void>
}

/**
 * Opens the records of an application's registry.
 *
 * @param clock limits how long a call waits for a database that does not open
 * @throws SyncError `storage` when there is no usable IndexedDB, `newer-database` when a newer release has been here
 */
export async function openRegistryRecords(application: string, clock?: Clock): Promise<RegistryRecords> {
  const connection = new Connection({
    name: `holdfast-registry:${encodedName(application)}`,
    version: 1,
    ...(clock !== undefined && { clock }),
    upgrade: (database) => {
      database.createObjectStore(records)
    },
  })
  await connection.run(() => Promise.resolve())
  return {
    get: (key) =>
      connection.run((database) => resultOf<unknown>(database.transaction(records).objectStore(records).get(key))),
    change: (key, next) =>
      connection.run((database) =>
        inTransaction(database, [records], 'strict', async (transaction) => {
          const store = transaction.objectStore(records)
          const current: unknown = await resultOf(store.get(key))
          const value = next(current)
          if (value !== current) store.put(value, key)
          return value
        }),
      ),
    close: () => connection.close(),
  }
}

/**
 * Opens the registry of an application.
 *
 * @param clock limits how long a call waits for a database that does not open
 * @throws SyncError `storage` when there is no usable IndexedDB, `newer-database` when a newer release has been here
 */
export async function openIndexedDbRegistry(application: string, random: Random, clock?: Clock): Promise<Registry> {
  const { get, change, close } = await openRegistryRecords(application, clock)
  return {
    deviceId: () =>
      change('device', (current) =>
        typeof current === 'string' ? current : operationIdFrom(0, random.bytes(operationIdRandomBytes)),
      ),
    current: async () => parseSession(await get('current')),
    setCurrent: async (session) => {
      await change('current', () => (session === undefined ? null : { tenant: session.tenant, user: session.user }))
    },
    leave: async (session) => {
      await change('current', (current) => {
        const known = parseSession(current)
        return known !== undefined && isSameSession(known, session) ? null : current
      })
    },
    remember: async ({ tenant, user, pending, usedAtMs }) => {
      const identity: RegisteredIdentity = { tenant, user, pending, usedAtMs }
      await change('identities', (current) => [
        ...parseIdentities(current).filter((other) => !isSameSession(other, identity)),
        identity,
      ])
    },
    // Counted anew: who was killed could not say what they left. One that cannot be opened hides nobody.
    identities: async () =>
      Promise.all(
        parseIdentities(await get('identities')).map(async (identity) => ({
          ...identity,
          pending:
            (await countWork(databaseName(application, identity), clock).catch(() => undefined)) ?? identity.pending,
        })),
      ),
    forget: async (session) => {
      await change('identities', (current) =>
        parseIdentities(current).filter((other) => !isSameSession(other, session)),
      )
    },
    close,
  }
}

function parseSession(value: unknown): Session | undefined {
  if (!isRecord(value)) return undefined
  const { tenant, user } = value
  return typeof tenant === 'string' && typeof user === 'string' ? { tenant, user } : undefined
}

function parseIdentities(value: unknown): readonly RegisteredIdentity[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((item: unknown) => {
    const session = parseSession(item)
    if (session === undefined || !isRecord(item)) return []
    const { pending, usedAtMs } = item
    return [
      {
        ...session,
        pending: typeof pending === 'number' ? pending : 0,
        usedAtMs: typeof usedAtMs === 'number' ? usedAtMs : 0,
      },
    ]
  })
}
