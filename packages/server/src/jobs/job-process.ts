/**
 * Work in a process of its own: what hangs, crashes or eats memory there takes nothing else along.
 *
 *   worker ──fork──▶ child: loads the module once, does one attempt at a time
 *     │                 │
 *     ├── deadline or cancel: killed, at once and hard
 *     ├── more memory than allowed: killed
 *     └── answer ◀──────┘  stays for the next attempt
 *
 * A child gets no environment but where programs and temporary files are, so that a file which takes it over finds no
 * password there. Should this process die, the child ends by itself, even in the middle of an endless loop.
 */
import { fork, type ChildProcess, type Serializable } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { isRecord } from '@holdfast/core'
import { isStoredJson } from './job.ts'
import { JobError, type JobDone, type JobWork } from './job-handler.ts'

/** How work is done in a process of its own. */
export interface JobProcessOptions {
  /** A module whose default export is a {@link JobWork}. */
  readonly module: URL
  /** Most memory that a child may use, bytes; default 1 GiB. The heap is limited everywhere, all of it on Linux. */
  readonly memoryBytesMax?: number
  /** Attempts after which a child is replaced, so that leaks come to an end; default 200. */
  readonly attemptsMax?: number
  /** Variables that the child sees besides PATH, HOME and TMPDIR. */
  readonly env?: Readonly<Record<string, string>>
}

/** Work in processes of its own; close it when the worker has stopped. */
export interface JobProcesses extends AsyncDisposable {
  /** To be given to `onJob`. As many children run as attempts at once. */
  readonly work: JobWork
  readonly close: () => Promise<void>
}

const memoryBytesMaxDefault = 1024 ** 3
const attemptsMaxDefault = 200
const memoryEveryMs = 100

interface Child {
  readonly process: ChildProcess
  attempts: number
}

/**
 * Makes work that runs in child processes.
 *
 * @example
 * const reading = workInProcess({ module: new URL('./read-page.js', import.meta.url) })
 * runWorker({ database, handlers: [onJob('page.read', reading.work, { deadlineMs: 30_000 })] })
 */
export function workInProcess(options: JobProcessOptions): JobProcesses {
  const { attemptsMax = attemptsMaxDefault, memoryBytesMax = memoryBytesMaxDefault } = options
  const idle: Child[] = []
  const all = new Set<Child>()

  const start = (): Child => {
    const child: Child = { process: forkChild(options, memoryBytesMax), attempts: 0 }
    all.add(child)
    child.process.once('exit', () => {
      all.delete(child)
      const place = idle.indexOf(child)
      if (place >= 0) idle.splice(place, 1)
    })
    return child
  }

  const work: JobWork = async (attempt, { signal, deadlineMs }) => {
    if (signal.aborted) throw ended
    const child = idle.pop() ?? start()
    child.attempts += 1
    const done = await answerOf(child.process, { attempt, deadlineMs }, signal, memoryBytesMax)
    if (child.attempts >= attemptsMax) child.process.kill('SIGKILL')
    else idle.push(child)
    return done
  }

  const close = async (): Promise<void> => {
    await Promise.all(
      [...all].map(
        ({ process: child }) =>
          new Promise<void>((resolve) => {
            child.once('exit', () => resolve())
            child.kill('SIGKILL')
          }),
      ),
    )
  }
  return { work, close, [Symbol.asyncDispose]: close }
}

const ended = new JobError('ended', 'The work was ended.')
const crashed = new JobError('crashed', 'The work crashed.')
const ateMemory = new JobError('out-of-memory', 'The work needed more memory than there is for it.')

function forkChild({ module, env = {} }: JobProcessOptions, memoryBytesMax: number): ChildProcess {
  // The sources run as they are; what was built lies beside what was built.
  const isSource = import.meta.url.endsWith('.ts')
  const entry = isSource
    ? new URL('./job-process-entry.ts', import.meta.url)
    : new URL('./job-process-entry.js', import.meta.url)
  const known = ['PATH', 'HOME', 'TMPDIR'].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return fork(entry, [module.href], {
    execArgv: [
      ...(isSource ? ['--conditions=holdfast-source'] : []),
      `--max-old-space-size=${Math.max(16, Math.floor(memoryBytesMax / 1024 ** 2))}`,
    ],
    env: { ...Object.fromEntries(known), ...env },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
}

/** Sends one attempt to a child and takes its answer. However that fails, the child is dead afterwards. */
function answerOf(
  child: ChildProcess,
  request: Serializable,
  signal: AbortSignal,
  memoryBytesMax: number,
): Promise<JobDone> {
  return new Promise((resolve, reject) => {
    let reason = crashed
    const end = (why: JobError): void => {
      reason = why
      child.kill('SIGKILL')
    }
    const onAbort = (): void => end(ended)
    const onExit = (code: number | null, killedBy: NodeJS.Signals | null): void => {
      settle()
      // V8 aborts the process when its heap is full.
      reject(reason === crashed && (killedBy === 'SIGABRT' || code === 134) ? ateMemory : reason)
    }
    const onMessage = (message: unknown): void => {
      settle()
      const answer = parseAnswer(message)
      if (answer instanceof JobError) reject(answer)
      else resolve(answer)
    }
    const memory = setInterval(() => {
      void residentBytes(child.pid).then((bytes) => {
        if (bytes > memoryBytesMax) end(ateMemory)
      })
    }, memoryEveryMs)
    const settle = (): void => {
      clearInterval(memory)
      signal.removeEventListener('abort', onAbort)
      child.off('exit', onExit)
      child.off('message', onMessage)
      child.off('error', onError)
    }
    const onError = (): void => end(crashed)
    signal.addEventListener('abort', onAbort)
    child.on('exit', onExit)
    child.on('message', onMessage)
    child.on('error', onError)
    child.send(request, (error) => {
      if (error !== null) end(crashed)
    })
  })
}

/** What a child answers is looked at like anything else that comes from outside. */
function parseAnswer(message: unknown): JobDone | JobError {
  if (!isRecord(message)) return crashed
  const { done, failed } = message
  if (isRecord(done)) {
    const { result, cost } = done
    const parsedCost = parseCost(cost)
    return {
      ...(result !== undefined && isStoredJson(result) && { result }),
      ...(parsedCost !== undefined && { cost: parsedCost }),
    }
  }
  if (!isRecord(failed) || typeof failed['code'] !== 'string' || typeof failed['detail'] !== 'string') return crashed
  const cost = parseCost(failed['cost'])
  const isFinal = failed['isFinal'] === true
  return new JobError(failed['code'], failed['detail'], { isFinal, ...(cost !== undefined && { cost }) })
}

function parseCost(value: unknown): JobDone['cost'] {
  if (!isRecord(value)) return undefined
  const { amountMicros, currency, priceList } = value
  if (typeof amountMicros !== 'number' || typeof currency !== 'string' || typeof priceList !== 'string')
    return undefined
  return { amountMicros, currency, priceList }
}

/** The memory of a process, as Linux tells; 0 elsewhere, or when it has ended. */
async function residentBytes(pid: number | undefined): Promise<number> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
