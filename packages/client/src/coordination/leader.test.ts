import { describe, expect, test } from 'vitest'
import type { Environment } from '../environment.ts'
import { memoryDisk, openMemoryStore } from '../store/memory-store.ts'
import { World } from '../world.fixture.ts'
import { takePart } from './leader.ts'

interface Candidate {
  readonly name: string
  readonly stop: AbortController
  readonly done: Promise<void>
}

function candidate(
  world: World,
  disk: ReturnType<typeof memoryDisk>,
  name: string,
  log: string[],
  environment: Environment = world.environment(),
): Candidate {
  const stop = new AbortController()
  const done = takePart(
    {
      environment,
      store: openMemoryStore(disk),
      lockName: 'lock',
      holder: name,
      isPending: () => true,
      onError: (error) => log.push(`${name}: ${String(error)}`),
      lead: (epoch, signal) => {
        log.push(`${name} leads ${epoch}`)
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            log.push(`${name} stops`)
            resolve()
          })
        })
      },
    },
    stop.signal,
  )
  return { name, stop, done }
}

describe('leadership', () => {
  test('F010 passes on when the leader goes, with a higher epoch', async () => {
    const [world, disk, log] = [new World(), memoryDisk(), new Array<string>()]
    const [one, two] = [candidate(world, disk, 'one', log), candidate(world, disk, 'two', log)]
    await world.settle()
    expect(log).toEqual(['one leads 1'])
    one.stop.abort()
    await world.settle()
    expect(log).toEqual(['one leads 1', 'one stops', 'two leads 2'])
    two.stop.abort()
    await Promise.all([one.done, two.done])
  })

  test('F007 a stolen lock ends the leadership at once', async () => {
    const [world, disk, log] = [new World(), memoryDisk(), new Array<string>()]
    const one = candidate(world, disk, 'one', log)
    await world.settle()
    const thief = await world.environment().locks.acquire('lock', { signal: new AbortController().signal, steal: true })
    await world.settle()
    expect(log).toEqual(['one leads 1', 'one stops'])
    thief.release()
    await world.settle()
    expect(log.at(-1)).toBe('one leads 2')
    one.stop.abort()
    await one.done
  })

  test('F008 a leader without a sign of life is overtaken, and fenced when it thaws', async () => {
    const [world, disk, log] = [new World(), memoryDisk(), new Array<string>()]
    // A frozen page: its timers never fire, so it writes no sign of life.
    const environment = world.environment()
    const frozen: Environment = { ...environment, clock: { ...environment.clock, timer: () => () => {} } }
    const one = candidate(world, disk, 'one', log, frozen)
    await world.settle()
    const two = candidate(world, disk, 'two', log)
    await world.advance(179_000)
    expect(log).toEqual(['one leads 1'])
    await world.advance(60_000)
    expect(log).toContain('two leads 2')
    await expect(openMemoryStore(disk).update([], { epoch: 1, durability: 'relaxed', nowMs: 0 })).rejects.toMatchObject(
      { code: 'fenced' },
    )
    one.stop.abort()
    two.stop.abort()
    await Promise.all([one.done, two.done])
  })

  test('a leader that lives is never overtaken', async () => {
    const [world, disk, log] = [new World(), memoryDisk(), new Array<string>()]
    const [one, two] = [candidate(world, disk, 'one', log), candidate(world, disk, 'two', log)]
    await world.advance(3_600_000)
    expect(log).toEqual(['one leads 1'])
    one.stop.abort()
    two.stop.abort()
    await Promise.all([one.done, two.done])
  })

  test('F008 a page that is being frozen gives the lock up and does not take it again before it lives', async () => {
    const [world, disk, log] = [new World(), memoryDisk(), new Array<string>()]
    const freezers = new Set<() => void>()
    const environment: Environment = {
      ...world.environment(),
      onFreeze: (callback) => {
        freezers.add(callback)
        return () => freezers.delete(callback)
      },
    }
    const one = candidate(world, disk, 'one', log, environment)
    await world.settle()
    for (const freeze of freezers) freeze()
    await world.settle()
    expect(log).toEqual(['one leads 1', 'one stops'])
    const two = candidate(world, disk, 'two', log)
    await world.advance(10_000)
    expect(log.at(-1)).toBe('two leads 2')
    one.stop.abort()
    two.stop.abort()
    await Promise.all([one.done, two.done])
  })

  test('a lock that cannot be had is not asked for in a tight loop', async () => {
    const [world, disk, log] = [new World(), memoryDisk(), new Array<string>()]
    let calls = 0
    const acquire: Environment['locks']['acquire'] = () => {
      calls += 1
      // Enough for a verdict; a tight loop of microtasks would never come back.
      return calls > 50 ? Promise.withResolvers<never>().promise : Promise.reject(new Error('no locks here'))
    }
    const one = candidate(world, disk, 'one', log, { ...world.environment(), locks: { acquire } })
    await world.settle()
    expect(calls).toBe(1)
    one.stop.abort()
    await one.done
  })
})
