/** A registry in memory; handles on one `MemoryRegistryDisk` share it as tabs share a database. */
import type { Random } from '../environment.ts'
import { operationIdFrom, operationIdRandomBytes } from '@holdfast/core'
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
  return {
    deviceId: () => {
      disk.deviceId ??= operationIdFrom(0, random.bytes(operationIdRandomBytes))
      return Promise.resolve(disk.deviceId)
    },
    current: () => Promise.resolve(disk.current),
    setCurrent: (session) => {
      disk.current = session
      return Promise.resolve()
    },
    remember: (identity) => {
      disk.identities = [...disk.identities.filter((other) => !isSameSession(other, identity)), identity]
      return Promise.resolve()
    },
    identities: () => Promise.resolve(disk.identities),
    close: () => Promise.resolve(),
  }
}
