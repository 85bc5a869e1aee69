/**
 * The device's storage, as the browser speaks of it: whether it may throw the site's data away, and how much room there
 * is. Every question has a time-out, because browsers were seen never to answer.
 */
import { browserClock } from './environment-browser.ts'
import type { Clock } from './environment.ts'

/**
 * Whether the browser may throw the site's data away when the device runs out of room.
 *
 * - `persisted`: it asks the person first
 * - `not`: it may. Installing the app, or asking again after it was used for a while, often helps
 * - `unknown`: it has not answered in time. A question to the person may still be open
 * - `unsupported`: it cannot be asked
 */
export type Persistence = 'persisted' | 'not' | 'unknown' | 'unsupported'

/** How much room the browser says that there is. Rough at best: it pads, rounds, and may know less than it says. */
export interface Room {
  readonly usageBytes: number
  readonly quotaBytes: number
}

/** How long a question waits for its answer, ms. */
export interface AskOptions {
  /** Default 3000. */
  readonly timeoutMs?: number
  readonly clock?: Pick<Clock, 'timer'>
}

/**
 * Asks the browser to keep the site's data. Call it on a click or a key press: Firefox asks the person, and others decide
 * by how much the site is used.
 *
 * @example
 * button.onclick = async () => show(await requestPersistence())
 */
export function requestPersistence(options: AskOptions = {}): Promise<Persistence> {
  return askPersistence((storage) => storage.persist(), options)
}

/** Whether the browser keeps the site's data. Asks nobody anything. */
export function readPersistence(options: AskOptions = {}): Promise<Persistence> {
  return askPersistence((storage) => storage.persisted(), options)
}

/** How much room there is; `undefined` where the browser does not say. */
export async function readRoom({ timeoutMs = 3000, clock = browserClock }: AskOptions = {}): Promise<Room | undefined> {
  const storage = storageManager()
  if (storage === undefined) return undefined
  const { usage, quota } = (await inTime(() => storage.estimate(), timeoutMs, clock)) ?? {}
  return usage === undefined || quota === undefined ? undefined : { usageBytes: usage, quotaBytes: quota }
}

async function askPersistence(
  ask: (storage: StorageManager) => Promise<boolean>,
  { timeoutMs = 3000, clock = browserClock }: AskOptions,
): Promise<Persistence> {
  const storage = storageManager()
  if (storage === undefined) return 'unsupported'
  const answer = await inTime(() => ask(storage), timeoutMs, clock)
  if (answer === undefined) return 'unknown'
  return answer ? 'persisted' : 'not'
}

/** WebKit has none in private windows, and no browser has one in an insecure context. */
function storageManager(): StorageManager | undefined {
  return typeof navigator === 'undefined' || !('storage' in navigator) ? undefined : navigator.storage
}

/** The answer, or `undefined` when it does not come in time or is a failure. */
async function inTime<Answer>(
  ask: () => Promise<Answer>,
  timeoutMs: number,
  clock: Pick<Clock, 'timer'>,
): Promise<Answer | undefined> {
  let cancel = (): void => {}
  const late = new Promise<undefined>((resolve) => {
    cancel = clock.timer(timeoutMs, () => {
      resolve(undefined)
    })
  })
  try {
    return await Promise.race([ask(), late])
  } catch {
    return undefined
  } finally {
    cancel()
  }
}
