import 'fake-indexeddb/auto'
import { describe, test } from 'vitest'
import { openIndexedDbStore } from '../store/indexeddb-store.ts'
import { memoryDisk, openMemoryStore } from '../store/memory-store.ts'
import { storeContract, type StoreHarness } from '../store/store.contract.ts'
import type { Store } from '../store/store.ts'
import { openCipher } from './cipher.ts'
import { openKeyRing } from './key-ring.ts'
import { memoryKeyRing } from './key-ring.fixture.ts'
import { openSealedStore } from './sealed-store.ts'

function sealedInMemory(): StoreHarness {
  const disk = memoryDisk()
  const chain = new Map<string, CryptoKey>()
  const open = (): Promise<Store> =>
    Promise.resolve(
      openSealedStore(openMemoryStore(disk), { cipher: openCipher('test', memoryKeyRing(chain)), writes: 'sealed' }),
    )
  return { open, crash: open }
}

function sealedOnIndexedDb(): StoreHarness {
  const name = crypto.randomUUID()
  const open = async (): Promise<Store> =>
    openSealedStore(await openIndexedDbStore(name, { isSealed: true }), {
      cipher: openCipher(name, await openKeyRing(name, { tenant: 'north', user: 'ana' })),
      writes: 'sealed',
    })
  return { open, crash: open }
}

describe.each(storeContract)('a sealed store: $name', ({ run }) => {
  test('in memory', () => run(sealedInMemory))
  test('on IndexedDB', () => run(sealedOnIndexedDb))
})
