import 'fake-indexeddb/auto'
import { describe, expect, test } from 'vitest'
import { openIndexedDbStore } from '../store/indexeddb-store.ts'
import { memoryDisk, openMemoryStore } from '../store/memory-store.ts'
import { storeContract, type StoreHarness } from '../store/store.contract.ts'
import { always, change, deadState, queuedOperation } from '../store/store.fixture.ts'
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

test('I3 behind a page that cannot be opened, who leads is not older than the entries that are given', async () => {
  const disk = memoryDisk()
  const open = (chain: Map<string, CryptoKey>, store = openMemoryStore(disk)): Store =>
    openSealedStore(store, { cipher: openCipher('test', memoryKeyRing(chain)), writes: 'sealed' })
  const lost = new Map<string, CryptoKey>()
  const kept = new Map<string, CryptoKey>()
  await open(lost).append([queuedOperation('lost')])
  const [entry] = await open(kept).append([queuedOperation('entry')])
  if (entry === undefined) throw new RangeError('an entry')
  await open(kept).append([queuedOperation('behind')])
  const memory = openMemoryStore(disk)
  await memory.claim('here', 1)
  let reads = 0
  const store = open(kept, {
    ...memory,
    readLogs: async (after, limits) => {
      const view = await memory.readLogs(after, limits)
      reads += 1
      if (reads === 1) await change(open(kept), [always(entry, { state: deadState })])
      return view
    },
  })
  const { pages, leadership } = await store.readLogs(new Map([['medium', undefined]]), { entriesMax: 1, bytesMax: 1 })
  expect(pages.get('medium')?.entries.map(({ operation }) => operation.id)).toEqual(['behind'])
  expect(leadership?.acts).toBe(1)
})
