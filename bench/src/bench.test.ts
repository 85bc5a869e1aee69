/** The command itself, run as people run it. Nothing here asserts a time: how fast anything is depends on the machine. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { comparisons } from './comparisons.ts'

const short = comparisons.filter(({ isLong }) => !isLong)

const main = fileURLToPath(new URL('main.ts', import.meta.url))

/** The longest that a quick run may take on a machine with other things to do, ms. */
const quickMaxMs = 300_000

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-test-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('the bench command', () => {
  test(
    'a quick run measures every short comparison, and every side has done all of its work',
    { timeout: quickMaxMs },
    async () => {
      const file = join(folder, 'quick.json')
      const { code, stdout, stderr } = await run(['--quick', '--json', file])
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })

      const document: unknown = JSON.parse(await readFile(file, 'utf8'))
      const aTime: unknown = expect.any(Number)
      expect(document).toMatchObject({
        rounds: 1,
        results: short.map(({ title, operations, sessions, pairs }) => ({
          title,
          subjects: sessions
            .flatMap(({ subjects }) => subjects)
            .map((subject) => ({ subject, tookMs: [aTime], operations: [operations] })),
          pairs: pairs.map(({ other }) => ({ other, ratios: [aTime] })),
        })),
      })
      for (const { title } of short) expect(stdout).toContain(title)
      expect(stdout).toMatch(/Chromium \d+.*, IndexedDB on (LevelDB|SQLite), \d+ cores .*, load .* 1 round,/)
    },
  )

  test.each([
    {
      args: ['nothing'],
      says: 'A bench is expected: enqueue, burst, drain, drain5ms, long, heap, block. Got: nothing.',
    },
    { args: ['--rounds', 'many'], says: '--rounds takes a whole number from 1 to 50. Got: many.' },
    { args: ['--limit', '0'], says: '--limit takes seconds, from 1 to 3600. Got: 0.' },
  ])('refuses $args and says what it expects', async ({ args, says }) => {
    const { code, stderr } = await run(args)
    expect(code).toBe(1)
    expect(stderr).toContain(says)
  })
})

function run(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--conditions=holdfast-source', main, ...args])
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    child.on('error', reject)
    child.on('close', (code) => {
      resolve({ code, stdout, stderr })
    })
  })
}
