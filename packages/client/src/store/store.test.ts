import 'fake-indexeddb/auto'
import { describe, test } from 'vitest'
import { openIndexedDbStore } from './indexeddb-store.ts'
import { memoryDisk, openMemoryStore } from './memory-store.ts'
import { storeContract } from './store.contract.ts'

describe.each(storeContract)('a store $name', ({ run }) => {
  test('in memory', async () => {
    const disk = memoryDisk()
    await run({ open: () => Promise.resolve(openMemoryStore(disk)) })
  })

  test('on IndexedDB', async () => {
    const name = crypto.randomUUID()
    await run({ open: () => openIndexedDbStore(name) })
  })
})
