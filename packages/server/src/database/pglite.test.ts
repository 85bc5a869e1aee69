import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { LogEntry } from '../log.ts'
import { databaseContract } from './database.contract.ts'
import { openPglite } from './pglite.ts'
import { testDatabases } from './test-databases.fixture.ts'

for (const kind of testDatabases) if (kind.name === 'PGlite') databaseContract(kind)

const insertSql = `
insert into holdfast.entities (tenant, kind, id, version, state, last_modified) values ('t', 'k', 'a', 1, '{}', now())`

test('data on disk is there again after a restart, and the log says that this is not for production', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-pglite-'))
  const entries: LogEntry[] = []
  const log = (entry: LogEntry): void => void entries.push(entry)
  const first = await openPglite({ folder, log })
  await first.tx('t', ({ query }) => query('insert', insertSql, []))
  await expect(openPglite({ folder, log })).rejects.toMatchObject({ code: 'database-in-use' })
  await first.close()
  const second = await openPglite({ folder, log })
  const rows = await second.tx('t', ({ query }) => query('all', 'select e.id from holdfast.entities e', []))
  expect(rows).toEqual([{ id: 'a' }])
  await second.close()
  expect(entries.map(({ event }) => event)).toContain('database-embedded')
  expect((await readdir(folder)).filter((name) => name.endsWith('.lock'))).toEqual([])
  await rm(folder, { recursive: true })
}, 60_000)

test('a folder that another process has open is refused; when that one is killed it can be opened, whole', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-pglite-'))
  const program = `
    import { openPglite } from '@holdfast/server/pglite'
    const database = await openPglite({ folder: ${JSON.stringify(folder)}, log: () => undefined })
    await database.tx('t', ({ query }) => query('insert', ${JSON.stringify(insertSql)}, []))
    console.log('open')
    setInterval(() => undefined, 1000)
  `
  const child = spawn(process.execPath, ['--conditions=holdfast-source', '--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  await expect(openPglite({ folder, log: () => undefined })).rejects.toMatchObject({ code: 'database-in-use' })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const database = await openPglite({ folder, log: () => undefined })
  const rows = await database.tx('t', ({ query }) => query('all', 'select e.id from holdfast.entities e', []))
  expect(rows).toEqual([{ id: 'a' }])
  await database.close()
  await rm(folder, { recursive: true })
}, 60_000)
