/**
 * The pages by address. The first one comes with the frame; the others are fetched when they are opened, and the service
 * worker has kept them for offline by then.
 */
import { lazy, Suspense, type ReactElement } from 'react'
import { Route, Switch, useLocation } from 'wouter'
import { OrdersPage } from '../orders/orders-page.tsx'

const EditPage = lazy(() => import('../sync/edit-page.tsx').then(({ EditPage: page }) => ({ default: page })))
const EntryPage = lazy(() => import('../sync/entry-page.tsx').then(({ EntryPage: page }) => ({ default: page })))
const MorePage = lazy(() => import('../settings/more-page.tsx').then(({ MorePage: page }) => ({ default: page })))
const SyncPage = lazy(() => import('../sync/sync-page.tsx').then(({ SyncPage: page }) => ({ default: page })))

/** Shows the page that the address names. */
export function Pages(): ReactElement {
  const [location] = useLocation()
  return (
    <Suspense>
      <Switch>
        <Route path="/sync">
          <SyncPage />
        </Route>
        <Route path="/sync/:id/edit">{({ id }) => <EditPage key={location} id={id} />}</Route>
        <Route path="/sync/:id">{({ id }) => <EntryPage key={location} id={id} />}</Route>
        <Route path="/more">
          <MorePage />
        </Route>
        <Route>
          <OrdersPage />
        </Route>
      </Switch>
    </Suspense>
  )
}
