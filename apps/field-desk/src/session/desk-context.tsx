/** The desk in components: who works here, and what the device remembers for them. */
import { createContext, useContext } from 'react'
import type { WorkerNews } from '../shell/register-worker.ts'
import type { Desk } from './desk.ts'
import type { Device } from './device.ts'
import type { Identity } from './identity.ts'

/** What all pages of a signed-in person share. */
export interface DeskSurroundings {
  readonly desk: Desk
  readonly device: Device
  readonly worker: WorkerNews
  readonly identity: Identity
}

/** The context; `App` provides it for an open desk. */
export const DeskContext = createContext<DeskSurroundings | undefined>(undefined)

/** The desk of the person who works here. */
export function useDesk(): DeskSurroundings {
  const surroundings = useContext(DeskContext)
  if (surroundings === undefined) throw new Error('useDesk is expected inside an open desk.')
  return surroundings
}
