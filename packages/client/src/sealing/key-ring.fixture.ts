/** Keys in memory, for tests: rings on one chain share them as tabs share a registry. */
import type { KeyRing } from './key-ring.ts'

/** Opens a ring on a chain of keys. */
export function memoryKeyRing(chain: Map<string, CryptoKey> = new Map()): KeyRing {
  return {
    current: async () => {
      const last = [...chain].at(-1)
      if (last !== undefined) return { id: last[0], key: last[1] }
      const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
      const id = `k${chain.size}`
      chain.set(id, key)
      return { id, key }
    },
    find: (id) => Promise.resolve(chain.get(id)),
    keep: ({ id, key }) => Promise.resolve(void chain.set(id, key)),
    close: () => Promise.resolve(),
  }
}
