import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockFolder } from './folder-lock.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-lock-'))
})
afterEach(() => rm(folder, { recursive: true }))

const write = (name: string, holder: unknown) => writeFile(join(folder, name), JSON.stringify(holder))
const locks = async () => (await readdir(folder)).filter((name) => name.endsWith('.lock'))

/** Above the highest process id that Linux hands out. */
const nobodysPid = 4_194_305

test('a locked folder is refused to anybody else, and free again when it is given back', async () => {
  const unlock = await lockFolder(folder)
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'database-in-use' })
  await unlock()
  await (
    await lockFolder(folder)
  )()
  expect(await locks()).toEqual([])
})

test('the lock of a process that is dead is swept away', async () => {
  await write(`holdfast-${nobodysPid}-00.lock`, { pid: nobodysPid, host: hostname(), startTicks: '1' })
  const unlock = await lockFolder(folder)
  expect(await locks()).toHaveLength(1)
  await unlock()
})

test.runIf(process.platform === 'linux')(
  'the lock of a dead process whose id somebody else has now is swept away',
  async () => {
    await write(`holdfast-${process.pid}-00.lock`, { pid: process.pid, host: hostname(), startTicks: '1' })
    await (
      await lockFolder(folder)
    )()
  },
)

test.each([
  ['a process that is alive', { pid: process.pid, host: hostname(), startTicks: null }],
  ['a process on another machine', { pid: nobodysPid, host: 'another.example', startTicks: null }],
  ['nobody knows whom', 'garbage'],
])('a lock of %s is never stolen', async (_name, holder) => {
  await write('holdfast-1-00.lock', holder)
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'database-in-use' })
  expect(await locks()).toEqual(['holdfast-1-00.lock'])
})

test('of many that come at once at most one gets the folder', async () => {
  for (let round = 0; round < 20; round += 1) {
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)))
    const held = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    expect(held.length).toBeLessThanOrEqual(1)
    await Promise.all(held.map((unlock) => unlock()))
    expect(await locks()).toEqual([])
  }
})
