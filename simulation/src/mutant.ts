/** What a deliberate bug may change: the ports that the engine stands on, and the server. */
import type { Environment, Store, Transport } from '@holdfast/client'
import type { ServerMutation, SimSession } from './server-model.ts'
import type { SimContext } from './sim-context.ts'
import type { Queue } from './witness.ts'

/** A deliberate bug; without any part it is none. */
export interface Mutant {
  readonly server?: ServerMutation
  /** How durable an append really is. */
  readonly appends?: 'relaxed'
  /** All people of a device share one queue. */
  readonly sharesQueue?: boolean
  readonly environment?: (environment: Environment) => Environment
  readonly store?: (store: Store, queue: Queue, context: SimContext) => Store
  readonly transport?: (transport: Transport, queue: Queue, cookie: () => SimSession | null) => Transport
}

/** A mutant with its name. */
export interface NamedMutant {
  readonly name: string
  /** The promises that it breaks. */
  readonly keeps: string
  readonly mutant: Mutant
}

/** No bug. */
export const noMutant: Mutant = {}
