/** The contract of the pause: shared by all handles, changed without losing another one's change, kept over a crash. */
import { afterPause, afterResume, noPause } from '../pause.ts'
import { expectEqual, type ContractCase } from './contract-checks.fixture.ts'
import type { StoreHarness } from './store.contract.ts'

/** The cases. */
export const storePauseContract: readonly ContractCase<StoreHarness>[] = [
  {
    name: 'nothing is paused at first',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      expectEqual(await store.readPause(), noPause, 'the pause')
    },
  },
  {
    name: 'R020 a pause is seen by every handle, and after a crash',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const [left, right] = [await harness.open(), await harness.open()]
      const paused = await left.changePause((pause) => afterPause(pause, ['note.add']))
      expectEqual(paused, { isAll: false, types: ['note.add'] }, 'what was written')
      expectEqual(await right.readPause(), paused, 'what another handle sees')
      expectEqual(await (await harness.crash()).readPause(), paused, 'what a crash leaves')
    },
  },
  {
    name: 'F010 a change counts as an act of a person, which shows where the log is read',
    run: async (makeHarness) => {
      const store = await makeHarness().open()
      await store.changePause((pause) => afterPause(pause, undefined))
      await store.claim('here', 10)
      await store.changePause((pause) => afterResume(pause, undefined))
      const { leadership } = await store.readLogs(new Map([['medium', undefined]]), { entriesMax: 1, bytesMax: 1 })
      expectEqual(leadership?.acts, 1, 'acts in this leadership')
    },
  },
  {
    name: 'changes at once are all there',
    run: async (makeHarness) => {
      const harness = makeHarness()
      const [left, right] = [await harness.open(), await harness.open()]
      await Promise.all([
        left.changePause((pause) => afterPause(pause, ['a'])),
        right.changePause((pause) => afterPause(pause, ['b'])),
        left.changePause((pause) => afterPause(pause, undefined)),
      ])
      expectEqual(await right.readPause(), { isAll: true, types: ['a', 'b'] }, 'the pause')
      await right.changePause((pause) => afterResume(pause, undefined))
      expectEqual(await left.readPause(), noPause, 'the pause after everything was resumed')
    },
  },
]
