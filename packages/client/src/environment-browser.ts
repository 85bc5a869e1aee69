/**
 * The environment of a page or a worker. The only file of the client that touches the clock, chance, locks and channels
 * of the browser.
 */
import type { Channel, Clock, Environment, HeldLock, Locks } from './environment.ts'

/** The longest delay that browsers keep: a longer one fires at once. */
const timeoutMaxMs = 2 ** 31 - 1

/** Time and timers of this page or worker. */
export const browserClock: Clock = {
  now: () => Date.now(),
  timer: (delayMs, callback) => {
    const handle = setTimeout(callback, Math.min(Math.max(delayMs, 0), timeoutMaxMs))
    return () => {
      clearTimeout(handle)
    }
  },
}

/** The environment of this page or worker. Works, with less to rely on, where Web Locks or BroadcastChannel are missing. */
export function browserEnvironment(): Environment {
  return {
    clock: browserClock,
    random: {
      fraction: browserFraction,
      bytes: pooledBytes(),
    },
    lacks: new Set([
      ...('locks' in navigator ? [] : ['locks' as const]),
      ...(typeof BroadcastChannel === 'undefined' ? ['channels' as const] : []),
    ]),
    locks: 'locks' in navigator ? webLocks(navigator.locks) : loneLocks(),
    openChannel: (name, listener) => (typeof BroadcastChannel === 'undefined' ? silence : broadcast(name, listener)),
    isOnlineHint: () => navigator.onLine,
    turn: turnOfTheLoop,
    ...('reportError' in globalThis && {
      reportError: (error: unknown) => {
        globalThis.reportError(error)
      },
    }),
    onWakeHint: (callback) => {
      const stops = [listen(globalThis, 'online', callback)]
      if (typeof document !== 'undefined') {
        stops.push(
          listen(document, 'visibilitychange', () => {
            if (document.visibilityState === 'visible') callback()
          }),
          listen(document, 'resume', callback),
          listen(globalThis, 'pageshow', callback),
        )
      }
      return stopAll(stops)
    },
    onFreeze: (callback) => {
      if (typeof document === 'undefined') return () => {}
      return stopAll([listen(document, 'freeze', callback), listen(globalThis, 'pagehide', callback)])
    },
  }
}

/** Chance for jitter, in [0, 1). */
export function browserFraction(): number {
  return Math.random()
}

/** The same for a page whose entries nobody else can see: it leads alone, and has nothing to tell. */
export function loneEnvironment(environment: Environment): Environment {
  return { ...environment, locks: loneLocks(), openChannel: () => silence }
}

/** Random bytes by the pool: asking for ten at a time is most of what making an id costs. */
function pooledBytes(): (count: number) => Uint8Array {
  const pool = new Uint8Array(4096)
  let used = pool.length
  return (count) => {
    if (count > pool.length) return crypto.getRandomValues(new Uint8Array(count))
    if (used + count > pool.length) {
      crypto.getRandomValues(pool)
      used = 0
    }
    used += count
    return pool.slice(used - count, used)
  }
}

/** By a message: timers that follow one another take 4 ms each, and a second in a hidden tab. */
function turnOfTheLoop(): Promise<void> {
  const { port1, port2 } = new MessageChannel()
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(0)
  })
}

function webLocks(manager: LockManager): Locks {
  return {
    acquire: (name, { signal, steal = false }) => {
      const granted = Promise.withResolvers<HeldLock>()
      const lost = new AbortController()
      // The manager takes either a signal or a theft, not both.
      const request = manager.request(name, steal ? { steal } : { signal }, () => {
        const released = Promise.withResolvers<void>()
        granted.resolve({
          lost: lost.signal,
          release: () => {
            released.resolve()
          },
        })
        return released.promise
      })
      request.then(
        () => {},
        (error: unknown) => {
          // Before the grant this is the abort; after it, somebody has stolen the lock.
          granted.reject(error)
          lost.abort()
        },
      )
      return granted.promise
    },
  }
}

/** Without Web Locks everybody gets the lock, and the epochs in the store decide; see leader.ts. */
function loneLocks(): Locks {
  return {
    acquire: (_name, { signal }) => {
      signal.throwIfAborted()
      return Promise.resolve({ lost: new AbortController().signal, release: () => {} })
    },
  }
}

function broadcast(name: string, listener: (message: unknown) => void): Channel {
  const channel = new BroadcastChannel(name)
  channel.addEventListener('message', (event: MessageEvent<unknown>) => {
    listener(event.data)
  })
  return {
    post: (message) => {
      channel.postMessage(message)
    },
    close: () => {
      channel.close()
    },
  }
}

const silence: Channel = { post: () => {}, close: () => {} }

function listen(target: EventTarget, type: string, callback: () => void): () => void {
  const listener = (): void => {
    callback()
  }
  target.addEventListener(type, listener)
  return () => {
    target.removeEventListener(type, listener)
  }
}

function stopAll(stops: readonly (() => void)[]): () => void {
  return () => {
    for (const stop of stops) stop()
  }
}
