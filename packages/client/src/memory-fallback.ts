/** A place for entries where there is no database: the memory of the page. For apps that would rather send than refuse. */
import { browserEnvironment } from './environment-browser.ts'
import type { StorageFallback } from './open-outbox.ts'
import { openMemoryRegistry } from './store/memory-registry.ts'
import { openMemoryStore } from './store/memory-store.ts'

/**
 * Keeps entries in memory where the browser has no usable IndexedDB. They are sent like any others and are lost when the
 * page goes before: `status().durable` is false, and `warnBeforeUnload` asks for as long as any are left. Each page has
 * entries of its own, which no other page and no worker sees.
 *
 * @example
 * const outbox = await openOutbox({ ...options, fallback: memoryFallback() })
 * if (!outbox.status().durable) say('Entries are not kept on this device. Leave the page open until they are sent.')
 */
export function memoryFallback(): StorageFallback {
  return {
    openStore: () => Promise.resolve(openMemoryStore()),
    openRegistry: () => Promise.resolve(openMemoryRegistry(browserEnvironment().random)),
  }
}
