import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { noTests } from './counts.ts'
import { runStep, type Step } from './step.ts'

const root = mkdtempSync(join(tmpdir(), 'holdfast-step-'))
const place = { root, logs: join(root, 'logs') }
afterAll(() => rmSync(root, { recursive: true, force: true }))

const run = (step: Partial<Step>, signal = new AbortController().signal) =>
  runStep({ name: 'a step', commands: [], cores: 1, timeoutMs: 60_000, ...step }, place, signal)

const node = (script: string): string[] => ['node', '--eval', script]

test('succeeds with its commands and keeps what they said', async () => {
  const result = await run({ commands: [node('console.log("one")'), node('console.error("two")')] })
  expect(result.isOk).toBe(true)
  expect(result.output).toMatch(/one[\s\S]*two/)
  expect(readFileSync(join(place.logs, 'a-step.log'), 'utf8')).toBe(result.output)
})

test('fails with any of its commands, and runs the later ones all the same', async () => {
  const result = await run({ commands: [node('process.exit(3)'), node('console.log("later")')] })
  expect(result.isOk).toBe(false)
  expect(result.reasons).toEqual(['node --eval process.exit(3): exit code 3'])
  expect(result.output).toContain('later')
})

test('fails if its command does not exist', async () => {
  expect((await run({ commands: [['no-such-program']] })).isOk).toBe(false)
})

test('fails if no test was executed, if one failed, and if its report cannot be read', async () => {
  const none = await run({ commands: [node('')], counts: () => noTests })
  expect(none.reasons).toEqual(['no test was executed'])
  const failed = await run({ commands: [node('')], counts: () => ({ ...noTests, failed: 2 }) })
  expect(failed.reasons).toEqual(['2 tests failed'])
  const unreadable = await run({
    commands: [node('')],
    counts: () => {
      throw new Error('no such file')
    },
  })
  expect(unreadable.reasons).toContainEqual(expect.stringContaining('no such file'))
})

test('fails if a test that it must run was not there', async () => {
  const result = await run({
    commands: [node('')],
    counts: () => ({ ...noTests, passed: 1, names: ['on PGlite'] }),
    missing: () => ['no test that names PostgreSQL was executed'],
  })
  expect(result.reasons).toEqual(['no test that names PostgreSQL was executed'])
})

test('ends what hangs, with all that it has started', async () => {
  const result = await run({
    commands: [
      node(`const { spawn } = require('node:child_process')
            const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'])
            console.log('grandchild', child.pid)
            setInterval(() => {}, 1000)`),
    ],
    timeoutMs: 1500,
  })
  expect(result.isOk).toBe(false)
  expect(result.reasons).toContain('it took longer than 1.5 s')
  const grandchild = Number(/grandchild (\d+)/.exec(result.output)?.[1])
  await expect.poll(() => isAlive(grandchild)).toBe(false)
})

/** Whether a process runs; one that has ended but was not yet collected by its parent does not. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))
  } catch {
    return process.platform !== 'linux'
  }
}
