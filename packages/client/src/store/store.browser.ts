/** The contracts of store and registry, for a page: runs every case on the browser's own IndexedDB. */
import { priorities } from '@holdfast/core'
import { openCipher } from '../sealing/cipher.ts'
import { openKeyRing } from '../sealing/key-ring.ts'
import { openSealedStore } from '../sealing/sealed-store.ts'
import type { ContractCase } from './contract-checks.fixture.ts'
import { goldenContent, loadDatabase, parseGolden } from './golden-store.fixture.ts'
import { openIndexedDbRegistry } from './indexeddb-registry.ts'
import { openIndexedDbStore } from './indexeddb-store.ts'
import { registryContract, type RegistryHarness } from './registry.contract.ts'
import { storeContract, type StoreHarness } from './store.contract.ts'
import { appliedChange, change, idsOf, readWholeLog } from './store.fixture.ts'

/** How a case went; `error` is absent when the promise was kept. */
export interface CaseResult {
  readonly name: string
  readonly error?: string
}

interface Closeable {
  close(): Promise<void>
}

/** Runs every case, each on databases of its own, which are deleted afterwards. */
export async function runStoreContractInPage(): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = []
  for (const storeCase of storeContract) results.push(await runCase(storeCase, storeHarness))
  for (const { name, run } of storeContract) {
    results.push(await runCase({ name: `sealed: ${name}`, run }, sealedHarness))
  }
  for (const registryCase of registryContract) results.push(await runCase(registryCase, registryHarness))
  return results
}

/** Reads and settles a golden store on the browser's own IndexedDB; gives what was to be found, and what was. */
export async function drainGoldenInPage(
  dump: string,
): Promise<{ readonly expected: unknown; readonly found: unknown }> {
  const name = `golden ${crypto.randomUUID()}`
  await loadDatabase(name, parseGolden(dump))
  const store = await openIndexedDbStore(name)
  try {
    const queued = []
    for (const priority of priorities) queued.push(...(await readWholeLog(store, priority)))
    const held = await store.readHeld('waiting', { limit: 10 })
    const settled = await store.readSettled({ limit: 10 })
    await change(
      store,
      [...queued, ...held].map((entry) => ({ entry, change: () => appliedChange() })),
    )
    const { conflicted, dead, ...read } = goldenContent
    const left = { queued: 0, waiting: 0, conflicted: conflicted.length, dead: dead.length }
    return {
      expected: { ...read, left },
      found: { queued: idsOf(queued), waiting: idsOf(held), settled: idsOf(settled), left: await store.counts() },
    }
  } finally {
    await store.close()
    indexedDB.deleteDatabase(name)
  }
}

function storeHarness(name: string, opened: Closeable[]): StoreHarness {
  const open = async (): ReturnType<StoreHarness['open']> => {
    const store = await openIndexedDbStore(name)
    opened.push(store)
    return store
  }
  return { open, crash: open }
}

function sealedHarness(name: string, opened: Closeable[]): StoreHarness {
  const open = async (): ReturnType<StoreHarness['open']> => {
    const ring = await openKeyRing(name, { tenant: 'north', user: 'ana' })
    const store = openSealedStore(await openIndexedDbStore(name, { isSealed: true }), {
      cipher: openCipher(name, ring),
      writes: 'sealed',
    })
    opened.push(store)
    return store
  }
  return { open, crash: open }
}

function registryHarness(name: string, opened: Closeable[]): RegistryHarness {
  return {
    open: async () => {
      const registry = await openIndexedDbRegistry(name, {
        fraction: () => 0.5,
        bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
      })
      opened.push(registry)
      return registry
    },
  }
}

async function runCase<Harness>(
  { name, run }: ContractCase<Harness>,
  makeHarness: (name: string, opened: Closeable[]) => Harness,
): Promise<CaseResult> {
  const names: string[] = []
  const opened: Closeable[] = []
  try {
    await run(() => {
      const database = `contract ${crypto.randomUUID()}`
      names.push(database, `holdfast-registry:${encodeURIComponent(database)}`)
      return makeHarness(database, opened)
    })
    return { name }
  } catch (error) {
    return { name, error: String(error) }
  } finally {
    for (const handle of opened) await handle.close()
    for (const database of names) indexedDB.deleteDatabase(database)
  }
}
