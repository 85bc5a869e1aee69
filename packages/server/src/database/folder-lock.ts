/**
 * The lock on a data folder that only one process may open.
 *
 * Each process puts down a file of its own (its name is never used again), then looks at all others: one whose process
 * is alive means the folder is taken, one whose process is dead is swept away. Whoever looks has written before, so of
 * two that come at once at least one sees the other; in a perfect tie both give way, and neither ever takes the folder
 * from a process that lives.
 */
import { randomBytes } from 'node:crypto'
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { ServerError } from '../error.ts'

interface Holder {
  readonly pid: number
  readonly host: string
  /** When the process started, in the kernel's own ticks, where the system tells: a process id is used again. */
  readonly startTicks: string | null
}

const lockPattern = /^holdfast-[0-9]+-[0-9a-f]+\.lock$/

/**
 * Takes the folder for this process and returns the function that gives it back.
 *
 * @throws ServerError `database-in-use` when a process that is alive (or lives on another machine) has it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const own = `holdfast-${process.pid}-${randomBytes(8).toString('hex')}.lock`
  const holder: Holder = { pid: process.pid, host: hostname(), startTicks: await startTicksOf(process.pid) }
  // Renamed into place, so that nobody ever reads half a file.
  await writeFile(join(folder, `${own}.part`), JSON.stringify(holder), { flag: 'wx' })
  await rename(join(folder, `${own}.part`), join(folder, own))
  const unlock = (): Promise<void> => rm(join(folder, own), { force: true })
  try {
    for (const name of await readdir(folder)) {
      if (name === own || !lockPattern.test(name)) continue
      const other = await readHolder(join(folder, name))
      if (other === 'gone') continue
      if (other === 'unreadable' || (await isAlive(other))) throw inUse(folder, name, other)
      await rm(join(folder, name), { force: true })
    }
  } catch (error) {
    await unlock()
    throw error
  }
  return unlock
}

function inUse(folder: string, name: string, holder: Holder | 'unreadable'): ServerError {
  const who = holder === 'unreadable' ? 'an unknown process' : `process ${holder.pid} on ${holder.host}`
  return new ServerError(
    'database-in-use',
    `The data folder ${folder} is in use by ${who}. Stop it, or choose another folder. Only if no such process exists any more, delete ${name} in it.`,
  )
}

async function readHolder(path: string): Promise<Holder | 'gone' | 'unreadable'> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isHolder(value) ? value : 'unreadable'
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? 'gone' : 'unreadable'
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false
  if (!('pid' in value) || !('host' in value) || !('startTicks' in value)) return false
  const { pid, host, startTicks } = value
  return (
    Number.isSafeInteger(pid) && typeof host === 'string' && (startTicks === null || typeof startTicks === 'string')
  )
}

/** When in doubt, alive: the price of a wrong "dead" is two writers in one database. */
async function isAlive({ pid, host, startTicks }: Holder): Promise<boolean> {
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false
  }
  const ticksNow = await startTicksOf(pid)
  return startTicks === null || ticksNow === null || startTicks === ticksNow
}

/** The start of a process as Linux tells it (field 22 of its stat, after the name in brackets); `null` elsewhere. */
async function startTicksOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
