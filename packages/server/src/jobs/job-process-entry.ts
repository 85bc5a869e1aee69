/** The child's side of job-process.ts: loads the module, does what it is sent, and ends when its parent does. */
import { Worker } from 'node:worker_threads'
import { JobError, type JobAttempt, type JobWork } from './job-handler.ts'

/** What the parent sends. It is our own code, of the same release, and so believed. */
interface Sent {
  readonly attempt: JobAttempt
  readonly deadlineMs: number
}

// A loop that never ends hears no message: another thread looks whether the parent is still there.
const watch = `
const parent = process.ppid
setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL') }, 500)`
new Worker(watch, { eval: true }).unref()
process.on('disconnect', () => process.exit(0))

async function load(href: string): Promise<JobWork> {
  const module: unknown = await import(href)
  const work = typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined
  if (!isWork(work)) throw new TypeError('expected a module whose default export is a function')
  return work
}

function isWork(value: unknown): value is JobWork {
  return typeof value === 'function'
}

async function answerTo({ attempt, deadlineMs }: Sent): Promise<unknown> {
  try {
    const work = await loading
    // Nothing has to be told to end here: the parent kills.
    return { done: await work(attempt, { signal: new AbortController().signal, deadlineMs }) }
  } catch (error) {
    if (!(error instanceof JobError)) return { failed: { code: 'internal', detail: 'The work failed.' } }
    return { failed: { ...error.failure, isFinal: error.isFinal, cost: error.cost } }
  }
}

const loading = load(process.argv[2] ?? '')
loading.catch(() => undefined)
process.on('message', (sent: Sent) => {
  void answerTo(sent).then((answer) => process.send?.(answer))
})
