/**
 * The contract of the store port: every promise of store.ts as a case that any store must pass. The cases need no test
 * runner, so that the same list runs in Node and in a page of a real browser (store.browser.ts).
 */
import type { ContractCase } from './contract-checks.fixture.ts'
import { storeCoalesceContract } from './store-coalesce.contract.ts'
import { storeLeadershipContract } from './store-leadership.contract.ts'
import { storeLogContract } from './store-log.contract.ts'
import { storeModelContract } from './store-model.contract.ts'
import { storeOnceContract } from './store-once.contract.ts'
import { storePauseContract } from './store-pause.contract.ts'
import { storeSettledContract } from './store-settled.contract.ts'
import { storeUpdateContract } from './store-update.contract.ts'
import type { Store } from './store.ts'

/** How a case gets at the store of one identity. */
export interface StoreHarness {
  /** Opens a handle. Each one is another tab on the same data. */
  open(): Promise<Store>
  /** Ends all handles without closing them, as a crash does, and opens a new one. */
  crash(): Promise<Store>
}

/** Every promise of store.ts. */
export const storeContract: readonly ContractCase<StoreHarness>[] = [
  ...storeLogContract,
  ...storeOnceContract,
  ...storeUpdateContract,
  ...storeCoalesceContract,
  ...storeSettledContract,
  ...storeLeadershipContract,
  ...storePauseContract,
  ...storeModelContract,
]
