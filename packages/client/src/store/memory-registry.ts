/** A registry in memory; handles on one `MemoryRegistryDisk` share it as tabs share a database. */
import { operationIdFrom, operationIdRandomBytes, SyncError } from '@holdfast/core'
import type { Random } from '../environment.ts'
import { isSameSession, type RegisteredIdentity, type Registry, type Session } from './registry.ts'

/** The registry's data. */
export interface MemoryRegistryDisk {
  deviceId: string | undefined
  current: Session | undefined
  identities: readonly RegisteredIdentity[]
}

/** Opens a registry on a disk; without one, on a disk of its own. */
export function openMemoryRegistry(
  random: Random,
  disk: MemoryRegistryDisk = { deviceId: undefined, current: undefined, identities: [] },
): Registry {
  let isClosed = false
  const later = async <Value>(work: () => Value): Promise<Value> => {
    await Promise.resolve()
    if (isClosed) throw new SyncError('closed', 'The registry was closed.')
    return work()
  }
  return {
    deviceId: () => later(() => (disk.deviceId ??= operationIdFrom(0, random.bytes(operationIdRandomBytes)))),
    current: () => later(() => disk.current),
    setCurrent: (session) =>
      later(() => {
        disk.current = session === undefined ? undefined : { tenant: session.tenant, user: session.user }
      }),
    leave: (session) =>
      later(() => {
        if (disk.current !== undefined && isSameSession(disk.current, session)) disk.current = undefined
      }),
    remember: ({ tenant, user, pending, usedAtMs }) =>
      later(() => {
        const identity: RegisteredIdentity = { tenant, user, pending, usedAtMs }
        disk.identities = [...disk.identities.filter((other) => !isSameSession(other, identity)), identity]
      }),
    identities: () => later(() => disk.identities),
    forget: (session) =>
      later(() => {
        disk.identities = disk.identities.filter((other) => !isSameSession(other, session))
      }),
    close: () => {
      isClosed = true
      return Promise.resolve()
    },
  }
}
