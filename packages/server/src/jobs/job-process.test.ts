import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { isRecord } from '@holdfast/core'
import { afterEach, expect, test } from 'vitest'
import { workInProcess, type JobProcesses, type JobProcessOptions } from './job-process.ts'

const module = new URL('./work-server.fixture.ts', import.meta.url)
const attempt = { tenant: 't', id: 'a', operation: 'a', user: 'ana', type: 'x', attempt: 1 }
const open: JobProcesses[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((processes) => processes.close()))
})

function works(options: Partial<JobProcessOptions> = {}) {
  const processes = workInProcess({ module, memoryBytesMax: 192 * 1024 ** 2, ...options })
  open.push(processes)
  return (payload: string, signal = AbortSignal.timeout(30_000)) =>
    processes.work({ ...attempt, payload }, { signal, deadlineMs: 30_000 })
}
const pidOf = async (done: ReturnType<ReturnType<typeof works>>): Promise<number> => {
  const { result } = await done
  return isRecord(result) && typeof result['pid'] === 'number' ? result['pid'] : 0
}
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('F067 work in an endless loop is killed when its time is over, and the next attempt gets another process', async () => {
  const work = works()
  const first = await pidOf(work('fine'))
  expect(await pidOf(work('fine'))).toBe(first)
  await expect(work('loop', AbortSignal.timeout(200))).rejects.toMatchObject({ failure: { code: 'ended' } })
  expect(isAlive(first)).toBe(false)
  expect(await pidOf(work('fine'))).not.toBe(first)
})

test.each([
  ['exit', 'crashed'],
  ['heap', 'out-of-memory'],
  ['buffers', 'out-of-memory'],
])('F067 work that ends in "%s" fails as %s, and this process goes on', async (payload, code) => {
  const work = works()
  await expect(work(payload)).rejects.toMatchObject({ failure: { code }, isFinal: false })
  expect(await pidOf(work('fine'))).toBeGreaterThan(0)
})

test('failures come through with their code and cost, a bug without its text, a module without work as a failure', async () => {
  const work = works()
  const cost = { amountMicros: 3, currency: 'EUR', priceList: 'p' }
  await expect(work('refuse')).rejects.toMatchObject({ failure: { code: 'unreadable' }, isFinal: true, cost })
  await expect(work('bug')).rejects.toMatchObject({ failure: { code: 'internal', detail: 'The work failed.' } })
  const none = works({ module: new URL('./job.ts', import.meta.url) })
  await expect(none('fine')).rejects.toMatchObject({ failure: { code: 'internal' } })
  await expect(work('fine', AbortSignal.abort())).rejects.toMatchObject({ failure: { code: 'ended' } })
})

test('a child sees nothing of the environment but what it needs, is replaced after its attempts, and side by side there are two', async () => {
  const work = works({ attemptsMax: 1, env: { MODELS: '/models' } })
  const done = await work('fine')
  const names = isRecord(done.result) ? done.result['env'] : undefined
  for (const name of Array.isArray(names) ? names : []) {
    expect(['HOME', 'MODELS', 'NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE', 'PATH', 'TMPDIR']).toContain(name)
  }
  const [first, second] = await Promise.all([pidOf(work('fine')), pidOf(work('fine'))])
  expect(first).not.toBe(second)
})

test('F066 a child whose worker is killed ends by itself, even in an endless loop', async () => {
  const program = `
    import { workInProcess } from ${JSON.stringify(new URL('./job-process.ts', import.meta.url).href)}
    const { work } = workInProcess({ module: new URL(${JSON.stringify(module.href)}) })
    const attempt = ${JSON.stringify(attempt)}
    const circumstances = { signal: new AbortController().signal, deadlineMs: 1e6 }
    const { result } = await work({ ...attempt, payload: 'fine' }, circumstances)
    console.log(result.pid)
    await work({ ...attempt, payload: 'loop' }, circumstances)`
  const parent = spawn(process.execPath, ['--conditions=holdfast-source', '--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said: unknown[] = await once(parent.stdout, 'data')
  const pid = Number(String(said[0]))
  expect(isAlive(pid)).toBe(true)
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  while (isAlive(pid)) await wait(50)
})
