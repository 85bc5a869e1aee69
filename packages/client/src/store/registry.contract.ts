/** The contract of the registry port. */
import type { ContractCase } from './contract-checks.fixture.ts'
import { expectEqual, expectSyncError, expectTrue } from './contract-checks.fixture.ts'
import type { Registry } from './registry.ts'

/** How a case gets at the registry of one application. */
export interface RegistryHarness {
  /** Opens a handle. Each one is another tab on the same data. */
  open(): Promise<Registry>
}

const ana = { tenant: 'north', user: 'ana' }
const ben = { tenant: 'north', user: 'ben' }

/** Every promise of registry.ts. */
export const registryContract: readonly ContractCase<RegistryHarness>[] = [
  {
    name: 'a device has one id, whichever handles ask at once, and keeps it',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const [left, right] = [await harness.open(), await harness.open()]
      const ids = await Promise.all([left.deviceId(), right.deviceId(), left.deviceId()])
      expectEqual(new Set(ids).size, 1, 'different ids')
      expectTrue(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(ids[0] ?? ''), 'a UUID')
      await left.close()
      expectEqual(await (await harness.open()).deviceId(), ids[0], 'the id later')
      expectTrue((await (await makeHarness().open()).deviceId()) !== ids[0], 'another device has another id')
    },
  },
  {
    name: 'remembers who is signed in, and that nobody is',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const [left, right] = [await harness.open(), await harness.open()]
      expectEqual(await left.current(), undefined, 'at first')
      await left.setCurrent(ana)
      expectEqual(await right.current(), ana, 'ana')
      await right.setCurrent(ben)
      expectEqual(await left.current(), ben, 'ben')
      await left.setCurrent(undefined)
      expectEqual(await (await harness.open()).current(), undefined, 'after signing out')
    },
  },
  {
    name: 'leaving is of one person: it never signs out whoever came after',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const [left, right] = [await harness.open(), await harness.open()]
      await left.setCurrent(ana)
      await right.setCurrent(ben)
      await left.leave(ana)
      expectEqual(await left.current(), ben, 'ben stays')
      await left.leave(ben)
      expectEqual(await right.current(), undefined, 'nobody')
      await left.leave(ben)
      expectEqual(await right.current(), undefined, 'still nobody')
    },
  },
  {
    name: 'forgets one identity and no other',
    run: async (makeHarness) => {
      const registry = await makeHarness().open()
      await registry.remember({ ...ana, pending: 1, usedAtMs: 1 })
      await registry.remember({ ...ben, pending: 2, usedAtMs: 2 })
      await registry.forget({ tenant: 'south', user: 'ana' })
      await registry.forget(ana)
      expectEqual(await registry.identities(), [{ ...ben, pending: 2, usedAtMs: 2 }], 'the identities')
    },
  },
  {
    name: 'remembers each identity once, with its latest count',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const [left, right] = [await harness.open(), await harness.open()]
      expectEqual(await left.identities(), [], 'at first')
      await Promise.all([
        left.remember({ ...ana, pending: 3, usedAtMs: 10 }),
        right.remember({ ...ben, pending: 1, usedAtMs: 20 }),
        left.remember({ tenant: 'south', user: 'ana', pending: 5, usedAtMs: 30 }),
      ])
      await right.remember({ ...ana, pending: 0, usedAtMs: 40 })
      const identities = await (await harness.open()).identities()
      expectEqual(
        identities.map(({ tenant, user, pending, usedAtMs }) => [tenant, user, pending, usedAtMs].join(' ')).toSorted(),
        ['north ana 0 40', 'north ben 1 20', 'south ana 5 30'],
        'the identities',
      )
    },
  },
  {
    name: 'keeps nothing besides what its types say: no token gets in by accident',
    run: async (makeHarness) => {
      const registry = await makeHarness().open()
      const signedIn = { ...ana, token: 'secret' }
      await registry.setCurrent(signedIn)
      await registry.remember({ ...signedIn, pending: 1, usedAtMs: 1 })
      expectEqual(await registry.current(), ana, 'the session')
      expectEqual(await registry.identities(), [{ ...ana, pending: 1, usedAtMs: 1 }], 'the identities')
    },
  },
  {
    name: 'a closed handle says so',
    run: async (makeHarness) => {
      const registry = await makeHarness().open()
      await registry.close()
      await expectSyncError(registry.current(), 'closed')
    },
  },
]
