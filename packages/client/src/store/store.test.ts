import 'fake-indexeddb/auto'
import { describe, test } from 'vitest'
import { openIndexedDbStore } from './indexeddb-store.ts'
import { memoryDisk, openMemoryStore } from './memory-store.ts'
import { storeContract, type StoreHarness } from './store.contract.ts'

function inMemory(): StoreHarness {
  const disk = memoryDisk()
  const open = (): ReturnType<StoreHarness['open']> => Promise.resolve(openMemoryStore(disk))
  return { open, crash: open }
}

function onIndexedDb(): StoreHarness {
  const name = crypto.randomUUID()
  const open = (): ReturnType<StoreHarness['open']> => openIndexedDbStore(name)
  return { open, crash: open }
}

describe.each(storeContract)('a store: $name', ({ run }) => {
  test('in memory', () => run(inMemory))
  test('on IndexedDB', () => run(onIndexedDb))
})
