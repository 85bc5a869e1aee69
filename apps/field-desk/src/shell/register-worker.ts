/** The service worker from the page's side: registers it, tells it things, and knows when a newer one waits. */

/** What the pages know of the worker. */
export interface WorkerNews {
  /** True when a newer release of the app is ready and waits for a restart. */
  readonly isUpdateReady: () => boolean
  readonly subscribe: (listener: () => void) => () => void
  /** Lets the newer release take over and loads the page again. Only ever called by a person's click. */
  readonly restart: () => void
}

/** How often an open page looks for a newer release, ms. */
const lookEveryMs = 60 * 60_000

interface ScriptPolicies {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string }
}

/** Registers the worker. Where there is none, the app works all the same, without opening offline. */
export function registerWorker(): WorkerNews {
  const listeners = new Set<() => void>()
  let waiting: ServiceWorker | undefined
  if ('serviceWorker' in navigator) {
    void follow(navigator.serviceWorker, (worker) => {
      waiting = worker
      for (const listener of listeners) listener()
    })
  }
  return {
    isUpdateReady: () => waiting !== undefined,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    restart: () => {
      navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
      waiting?.postMessage('take-over')
    },
  }
}

/** Tells the worker something; nobody listens where there is none. */
export function tellWorker(message: { readonly type: 'identity-changed' }): void {
  if ('serviceWorker' in navigator) navigator.serviceWorker.controller?.postMessage(message)
}

/** Looks for a newer release now, and loads the page again: with it where there is one. */
export async function loadNewest(): Promise<void> {
  try {
    const registration = await navigator.serviceWorker.getRegistration()
    await registration?.update()
    const next = registration?.waiting
    next?.postMessage('take-over')
  } catch {
    // Without a worker, or without a network, loading again is all that can be done.
  }
  location.reload()
}

async function follow(container: ServiceWorkerContainer, setWaiting: (worker: ServiceWorker) => void) {
  try {
    const registration = await container.register(trustedScript('/sw.js'), { scope: '/' })
    const look = (worker: ServiceWorker | null) => {
      // Without a controller this is the first worker, which takes over by itself: nothing to tell.
      if (worker === null || container.controller === null) return
      if (worker.state === 'installed') setWaiting(worker)
      else worker.addEventListener('statechange', () => worker.state === 'installed' && setWaiting(worker))
    }
    look(registration.waiting)
    registration.addEventListener('updatefound', () => look(registration.installing))
    setInterval(() => void registration.update().catch(() => undefined), lookEveryMs)
  } catch {
    // Private windows of some browsers refuse: the app is then for online use, and says so by what it cannot do.
  }
}

/** The page's policy lets scripts be named by one policy only (security-headers.ts on the server), which is this. */
function trustedScript(path: string): string {
  const policies: unknown = Reflect.get(globalThis, 'trustedTypes')
  if (!isPolicies(policies)) return path
  return policies.createPolicy('field-desk', { createScriptURL: (url) => url }).createScriptURL(path)
}

function isPolicies(value: unknown): value is ScriptPolicies {
  return typeof value === 'object' && value !== null && 'createPolicy' in value
}
