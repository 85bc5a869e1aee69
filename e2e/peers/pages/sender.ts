/** The one face that every peer shows to the harness, so that all of them are asked the same. */

/**
 * What an app could tell its person of a write: it is kept here and will be sent, the server has it, or it failed and
 * the person knows.
 */
export type Said = 'kept' | 'sent' | 'failed'

/** A peer in a page. */
export interface Sender {
  /** Makes one write as an app would, and says what the app could tell its person then. */
  write(id: string): Promise<Said>
  /** The ids of writes that the peer still holds on the device. */
  stored(): Promise<readonly string[]>
  /** Those of them that the peer hands to a person: they are listed, with a reason, until somebody acts. */
  held(): Promise<readonly string[]>
  /** The ids of writes for which the app was handed an error after it had called them kept. */
  told(): Promise<readonly string[]>
  /** The person has signed in again. */
  signedIn(): void
}

declare global {
  interface Window {
    sender: Sender
  }
}

/** Where a write goes that a peer sends by plain HTTP. */
export function orderPath(id: string): string {
  return `/api/orders/${id}`
}

/** Registers a worker with the wishes of this page's address (see prelude.js), and resolves when it serves the page. */
export async function workerReady(script: string): Promise<void> {
  const { serviceWorker } = navigator
  // Only those wishes: a worker of another address is another worker, and has to take over from the one before.
  const wishes = [...new URLSearchParams(location.search)].filter(([name]) => name === 'shift' || name === 'locks')
  const wanted = new URL(`${script}?${new URLSearchParams(wishes).toString()}`, location.origin).href
  const isServed = new Promise<void>((resolve) => {
    const look = () => {
      if (serviceWorker.controller?.scriptURL === wanted) resolve()
    }
    serviceWorker.addEventListener('controllerchange', look)
    look()
  })
  await serviceWorker.register(wanted)
  await isServed
}
