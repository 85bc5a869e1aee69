/** A real server process on a real PostgreSQL is killed (SIGKILL) in the middle of a batch. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { batchPath, parseBatchAnswer, type OperationOutcome, type WireOperation } from '@holdfast/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from './database/database.ts'
import { launchPostgres, type LaunchedPostgres } from './database/postgres-launcher.fixture.ts'
import { openPostgres } from './database/postgres.ts'
import { listEntities } from './entities.ts'
import { changeNote, noteOp } from './notes.fixture.ts'

let postgres: LaunchedPostgres
let database: Database
beforeAll(async () => {
  postgres = await launchPostgres()
  database = await openPostgres({ url: postgres.url, log: () => undefined })
}, 60_000)
afterAll(async () => {
  await database.close()
  await postgres.stop()
})

interface ServerProcess {
  readonly process: ChildProcess
  readonly port: number
  /** The next line that it says. */
  readonly said: () => Promise<string>
}

async function startServer(stallAt: 'never' | 'before-commit' | 'after-commit'): Promise<ServerProcess> {
  const program = join(import.meta.dirname, 'crash-server.fixture.ts')
  const child = spawn(process.execPath, ['--conditions=holdfast-source', program, postgres.url, stallAt], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const said = async () => String((await lines.next()).value)
  const port = Number((await said()).replace('port ', ''))
  return { process: child, port, said }
}

async function send(
  { port }: ServerProcess,
  operations: readonly WireOperation[],
): Promise<readonly OperationOutcome[]> {
  const identity = { protocol: 1, tenant: 'north', user: 'ana', device: 'phone', sequence: 1 }
  const response = await fetch(`http://127.0.0.1:${port}${batchPath}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...identity, pending: operations.length, oldestAgeMs: 0, operations }),
  })
  return parseBatchAnswer(await response.json())?.outcomes ?? []
}

async function kill({ process: child }: ServerProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

const notes = async () => (await listEntities(database, 'north', 'note', { limit: 200 })).entities

test.each([
  ['F058', 'before its commit', 'before-commit', 0, 'applied'],
  ['F059', 'after its commit and before its answer', 'after-commit', 10, 'duplicate'],
] as const)(
  '%s a server killed %s: the batch sent again to another server has one effect each',
  async (fault, _when, stallAt, storedAfterKill, answeredAgain) => {
    const operations = Array.from({ length: 10 }, (_, index) =>
      noteOp(`${fault}-${index}`, changeNote, { id: `${fault}-${index}`, add: 1 }),
    )
    const doomed = await startServer(stallAt)
    const lost = send(doomed, operations).then(
      () => 'answered',
      () => 'lost',
    )
    expect(await doomed.said()).toBe(stallAt)
    await kill(doomed)
    expect(await lost).toBe('lost')
    const stored = async () => (await notes()).filter(({ id }) => id.startsWith(fault))
    expect(await stored()).toHaveLength(storedAfterKill)

    const next = await startServer('never')
    const outcomes = await send(next, operations)
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(operations.map(() => answeredAgain))
    expect(await stored()).toMatchObject(operations.map(() => ({ version: 1, state: { count: 1 } })))
    await kill(next)
  },
  60_000,
)
