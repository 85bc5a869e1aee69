/** The app: sign-in when nobody works here, the shell with its pages when somebody does. */
import { OutboxProvider } from '@holdfast/react'
import { lazy, Suspense, useMemo, useSyncExternalStore, type ReactElement } from 'react'
import { DeskContext } from './session/desk-context.tsx'
import type { Desk } from './session/desk.ts'
import type { Device } from './session/device.ts'
import { personKey } from './session/identity.ts'
import { SignedOutPage } from './session/sign-in-page.tsx'
import { AnnouncingProvider } from './shell/announcing.tsx'
import { Fallback } from './shell/fallback.tsx'
import type { WorkerNews } from './shell/register-worker.ts'

// Whoever is not signed in needs none of it.
const Shell = lazy(() => import('./shell/shell.tsx').then(({ Shell: shell }) => ({ default: shell })))

/** What the app stands on. */
export interface AppProps {
  readonly desk: Desk
  readonly device: Device
  readonly worker: WorkerNews
}

/** Shows the app. */
export function App({ desk, device, worker }: AppProps): ReactElement | null {
  const state = useSyncExternalStore(desk.subscribe, desk.state)
  const identity = state.kind === 'open' ? state.identity : undefined
  const surroundings = useMemo(
    () => (identity === undefined ? undefined : { desk, device, worker, identity }),
    [desk, device, worker, identity],
  )
  if (state.kind === 'starting') return null
  return (
    <Fallback>
      <AnnouncingProvider>
        {state.kind === 'open' && surroundings !== undefined ? (
          <DeskContext.Provider value={surroundings}>
            <OutboxProvider key={personKey(state.identity)} outbox={state.outbox}>
              <Suspense>
                <Shell />
              </Suspense>
            </OutboxProvider>
          </DeskContext.Provider>
        ) : (
          <SignedOutPage
            desk={desk}
            sealed={state.kind === 'signed-out' ? state.sealed : []}
            unconfirmed={(state.kind === 'signed-out' && state.unconfirmed) || 0}
          />
        )}
      </AnnouncingProvider>
    </Fallback>
  )
}
