/**
 * Lost storage: a browser that runs out of room, a person who clears a site's data or a broken database take the queue
 * along, and the device's id with it. A cookie, which browsers keep apart from storage, remembers whose device it was and
 * how much was left; that the two no longer belong together reveals the loss.
 *
 * The cookie holds an id, two counts and two times: no payload and no name. Clearing cookies as well hides a loss; so
 * does Safari, which forgets cookies of scripts after a week without a visit.
 */
import { browserEnvironment } from './environment-browser.ts'
import type { Clock } from './environment.ts'
import type { Outbox } from './outbox.ts'
import { openIndexedDbRegistry } from './store/indexeddb-registry.ts'
import { databaseName, type Registry } from './store/registry.ts'

/** What is known of storage that is gone. */
export interface LostStorage {
  /** Entries that were not settled when they were last counted. Some may have been sent since. */
  readonly pending: number
  /** When they were last counted, ms since 1970. */
  readonly countedAtMs: number
}

/** Watches one outbox. */
export interface LostStorageWatch {
  /** What was lost and nobody has acknowledged; `undefined` when nothing was. */
  readonly lost: LostStorage | undefined
  /** Somebody has seen it: it is not told again. */
  acknowledge(): void
  /** Counts no more. */
  stop(): void
}

/** What a watch stands on; the browser's unless told otherwise. */
export interface LostStoragePorts {
  readonly cookies: { cookie: string }
  readonly clock: Pick<Clock, 'now'>
  readonly openRegistry: (application: string) => Promise<Registry>
}

interface Note {
  readonly device: string
  readonly pending: number
  readonly countedAtMs: number
  readonly lost: LostStorage | undefined
}

/** As long as browsers keep a cookie, seconds: 400 days. */
const keepSeconds = 400 * 24 * 3600

/**
 * Looks whether entries of this outbox's person were lost with the browser's storage, and counts from now on. For pages:
 * workers have no cookies.
 *
 * @throws SyncError `storage` when there is no usable IndexedDB
 * @example
 * const watch = await watchForLostStorage('field-desk', outbox)
 * if (watch.lost !== undefined) say(`The browser removed this site's data; ${watch.lost.pending} entries may be missing.`)
 */
export async function watchForLostStorage(
  application: string,
  outbox: Pick<Outbox, 'session' | 'status' | 'subscribe'>,
  ports: LostStoragePorts = browserPorts(),
): Promise<LostStorageWatch> {
  const { cookies, clock } = ports
  const registry = await ports.openRegistry(application)
  const device = await registry.deviceId()
  await registry.close()
  const name = `holdfast-${encodeURIComponent(databaseName(application, outbox.session))}`
  const before = parseNote(cookies.cookie, name)
  let lost = before?.lost
  if (before !== undefined && before.device !== device && before.pending > 0) {
    lost = { pending: before.pending + (lost?.pending ?? 0), countedAtMs: before.countedAtMs }
  }
  let told: number | undefined
  const write = (): void => {
    const { pending, needsYou } = outbox.status()
    told = pending + needsYou
    const note: Note = { device, pending: told, countedAtMs: clock.now(), lost }
    cookies.cookie = `${name}=${packNote(note)}; Path=/; Max-Age=${keepSeconds}; SameSite=Strict`
  }
  write()
  const stop = outbox.subscribe(() => {
    const { pending, needsYou } = outbox.status()
    if (pending + needsYou === told) return
    const now = parseNote(cookies.cookie, name)
    // Another page has seen that the storage was lost: what this one counts is the work of a device that is no more.
    if (now !== undefined && now.device !== device) return
    // Another page may have acknowledged it.
    if (now !== undefined) lost = now.lost
    write()
  })
  return {
    get lost() {
      return lost
    },
    acknowledge: () => {
      lost = undefined
      write()
    },
    stop,
  }
}

function packNote({ device, pending, countedAtMs, lost }: Note): string {
  return [device, pending, countedAtMs, lost?.pending ?? 0, lost?.countedAtMs ?? 0].join('.')
}

/** Reads the note among a page's cookies; `undefined` when there is none, or it is not ours. */
function parseNote(cookies: string, name: string): Note | undefined {
  const text = cookies
    .split('; ')
    .find((cookie) => cookie.startsWith(`${name}=`))
    ?.slice(name.length + 1)
  const [device = '', ...numbers] = text?.split('.') ?? []
  const [pending, countedAtMs, lostPending, lostAtMs] = numbers.map(Number)
  if (device === '' || !isCount(pending) || !isCount(countedAtMs) || !isCount(lostPending) || !isCount(lostAtMs)) {
    return undefined
  }
  return {
    device,
    pending,
    countedAtMs,
    lost: lostPending > 0 ? { pending: lostPending, countedAtMs: lostAtMs } : undefined,
  }
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isSafeInteger(value) && value >= 0
}

function browserPorts(): LostStoragePorts {
  const { clock, random } = browserEnvironment()
  return {
    cookies: document,
    clock,
    openRegistry: (application) => openIndexedDbRegistry(application, random, clock),
  }
}
