import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readOrMakeKey } from './key-file.ts'

let folder = ''
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'field-desk-key-'))))
afterEach(() => rm(folder, { recursive: true }))

it('makes the key once, for its owner alone', async () => {
  const data = join(folder, 'data')
  const [first, second] = await Promise.all([readOrMakeKey(data), readOrMakeKey(data)])
  expect(first).toHaveLength(32)
  expect(second).toEqual(first)
  expect((await stat(join(data, 'session.key'))).mode & 0o777).toBe(0o600)
})

it('touches no file that holds something else', async () => {
  await writeFile(join(folder, 'session.key'), 'broken')
  await expect(readOrMakeKey(folder)).rejects.toThrow(/expected to hold 32 bytes/)
  expect(await readFile(join(folder, 'session.key'), 'utf8')).toBe('broken')
})
