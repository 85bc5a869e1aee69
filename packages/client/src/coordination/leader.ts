/**
 * Leadership: which of all tabs and workers of an identity sends. A single queued lock decides; an epoch in the store
 * fences whoever lost it without noticing.
 *
 *   waiting ── lock granted ──▶ claim an epoch ──▶ leading ── lock lost, fenced, frozen, closed ──▶ released
 *      │                                              └─ beats while anything is pending
 *      └─ no sign of life for three minutes while entries are pending ──▶ steals the lock
 *
 * Where there are no locks, whoever comes last leads, and whoever was overtaken stands back until the other has resigned
 * or has been silent for three minutes.
 *
 * The lock only saves requests. With every context leading at once the ledger still keeps each effect single, so no
 * promise rests on it.
 */
import { SyncError } from '@holdfast/core'
import type { Environment, HeldLock } from '../environment.ts'
import type { Leadership, Store } from '../store/store.ts'

/** How often a leader with pending entries writes a sign of life, ms. */
const beatEveryMs = 20_000

/** How often a context that waits looks for signs of life, ms. */
const watchEveryMs = 30_000

/**
 * Looks without a sign of life after which the lock is stolen. Three minutes is longer than any timer throttling of a
 * live page (Chromium wakes hidden ones once a minute). Counted in looks, not read off the clock: it may jump.
 */
const silentLooksMax = 6

/** Where there are no locks: how often one that was overtaken looks, ms, and looks without a sign of life after which it leads again. */
const [locklessLookMs, locklessSilentMax] = [5000, 36]

/** What a leader that resigns writes in place of a sign of life. */
const resignedAtMs = 0

/** The longest pause of a leader that met a later one, ms. */
const fencedPauseMaxMs = 2000

/** How long a context stands back that could not get the lock, or that failed, or whose page is being frozen, ms. */
const standBackMs = 3000

/** What leadership needs from its outbox. */
export interface LeaderHost {
  readonly environment: Environment
  readonly store: Store
  /** The lock's name: one per identity. */
  readonly lockName: string
  /** Names this context in the store, for people who look. */
  readonly holder: string
  /** True while entries wait to be sent. */
  readonly isPending: () => boolean
  /** Sends while this context leads; returns when the signal is aborted. */
  readonly lead: (epoch: number, signal: AbortSignal) => Promise<void>
  /** Hears of failures that end a leadership early; the next one begins by itself. */
  readonly onError: (error: unknown) => void
}

/** Takes part in the succession until the signal is aborted. Never rejects. */
export async function takePart(host: LeaderHost, signal: AbortSignal): Promise<void> {
  const line = { isOvertaken: false }
  while (!signal.aborted) {
    const pauseMs = await takeTurn(host, signal, line)
    if (pauseMs > 0 && !signal.aborted) await pause(host, pauseMs, signal)
  }
}

/** Waits for the lock and leads; gives how long to stand back before asking again, ms. */
async function takeTurn(host: LeaderHost, signal: AbortSignal, line: { isOvertaken: boolean }): Promise<number> {
  // A frozen page must neither hold the lock nor stand in the queue for it: it would get it and do nothing. The pause
  // that follows only passes once the page lives again.
  const frozen = new AbortController()
  const stopListening = host.environment.onFreeze(() => {
    frozen.abort()
  })
  const turn = AbortSignal.any([signal, frozen.signal])
  try {
    if (line.isOvertaken && lacksLocks(host)) await untilLeaderless(host, turn)
    const lock = turn.aborted ? undefined : await acquire(host, turn)
    line.isOvertaken = false
    if (lock === undefined) return standBackMs
    try {
      await leadOnce(host, lock, turn)
    } finally {
      lock.release()
    }
    return frozen.signal.aborted ? standBackMs : 0
  } catch (error) {
    // Apart by chance: without locks, two that were fenced would fence each other for ever.
    if (error instanceof SyncError && error.code === 'fenced') {
      line.isOvertaken = true
      return fencedPauseMaxMs * host.environment.random.fraction()
    }
    host.onError(error)
    return standBackMs
  } finally {
    stopListening()
  }
}

async function acquire(host: LeaderHost, signal: AbortSignal): Promise<HeldLock | undefined> {
  const waiting = new AbortController()
  const stop = (): void => {
    waiting.abort()
  }
  signal.addEventListener('abort', stop)
  let isSilent = false
  const stopWatching = watch(host, () => {
    isSilent = true
    waiting.abort()
  })
  try {
    return await host.environment.locks.acquire(host.lockName, { signal: waiting.signal })
  } catch {
    if (signal.aborted || !isSilent) return undefined
    return await host.environment.locks.acquire(host.lockName, { signal, steal: true }).catch(() => undefined)
  } finally {
    stopWatching()
    signal.removeEventListener('abort', stop)
  }
}

function lacksLocks({ environment }: LeaderHost): boolean {
  return environment.lacks?.has('locks') === true
}

/** Waits until the leader that the store names has resigned or shows no sign of life. */
async function untilLeaderless(host: LeaderHost, signal: AbortSignal): Promise<void> {
  let seen: Leadership | undefined
  for (let silentLooks = 0; silentLooks < locklessSilentMax && !signal.aborted; silentLooks += 1) {
    const now = await host.store.readLeadership().catch(() => seen)
    if (now?.beatAtMs === resignedAtMs) return
    if (now?.epoch !== seen?.epoch || now?.beatAtMs !== seen?.beatAtMs) silentLooks = 0
    seen = now
    await pause(host, locklessLookMs, signal)
  }
}

/** Calls back when a leader with work shows no sign of life for too long. Returns a function that stops watching. */
function watch(host: LeaderHost, onSilence: () => void): () => void {
  let seen: Leadership | undefined
  let silentLooks = 0
  let cancel: () => void = () => {}
  let isStopped = false
  const look = async (): Promise<void> => {
    const now = await host.store.readLeadership().catch(() => undefined)
    if (isStopped) return
    const isAlive = now?.epoch !== seen?.epoch || now?.beatAtMs !== seen?.beatAtMs
    silentLooks = isAlive || !host.isPending() ? 0 : silentLooks + 1
    seen = now
    if (silentLooks >= silentLooksMax) onSilence()
    else schedule()
  }
  const schedule = (): void => {
    cancel = host.environment.clock.timer(watchEveryMs, () => void look())
  }
  schedule()
  return () => {
    isStopped = true
    cancel()
  }
}

async function leadOnce(host: LeaderHost, lock: HeldLock, signal: AbortSignal): Promise<void> {
  const { clock } = host.environment
  const leading = new AbortController()
  const stop = (): void => {
    leading.abort()
  }
  let cancelBeat: () => void = () => {}
  let isOvertaken = false
  const epoch = await host.store.claim(host.holder, clock.now())
  signal.addEventListener('abort', stop)
  lock.lost.addEventListener('abort', stop)
  try {
    const beat = async (): Promise<void> => {
      // Without locks the sign of life is all that keeps others from leading.
      const isQuiet = !host.isPending() && !lacksLocks(host)
      isOvertaken = !isQuiet && !(await host.store.beat(epoch, clock.now()).catch(() => true))
      if (isOvertaken) leading.abort()
      else if (!leading.signal.aborted) cancelBeat = clock.timer(beatEveryMs, () => void beat())
    }
    cancelBeat = clock.timer(beatEveryMs, () => void beat())
    if (signal.aborted || lock.lost.aborted) return
    await host.lead(epoch, leading.signal)
    if (isOvertaken) throw new SyncError('fenced', 'Another context leads now.')
  } finally {
    leading.abort()
    cancelBeat()
    signal.removeEventListener('abort', stop)
    lock.lost.removeEventListener('abort', stop)
    if (lacksLocks(host)) await host.store.beat(epoch, resignedAtMs).catch(() => false)
  }
}

async function pause(host: LeaderHost, delayMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const cancel = host.environment.clock.timer(delayMs, resolve)
  const stop = (): void => {
    resolve()
  }
  signal.addEventListener('abort', stop)
  await promise
  cancel()
  signal.removeEventListener('abort', stop)
}
