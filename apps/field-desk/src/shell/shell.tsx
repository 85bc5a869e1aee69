/**
 * The frame around all pages: name, pill, banner, the page itself, and the way to the others. The page scrolls in a row
 * of its own, so that neither the bar at the bottom nor the banner ever covers what has the focus.
 */
import { keepSyncArmed } from '@holdfast/service-worker'
import { keepPeriodicSync } from '@holdfast/service-worker/periodic'
import { useOutbox, useSyncStatus } from '@holdfast/react'
import { Download, ReceiptText, RefreshCw, Settings } from 'lucide-react'
import { useEffect, useRef, useSyncExternalStore, type ReactElement } from 'react'
import { Link, useLocation, useRoute } from 'wouter'
import { PlacedOrdersProvider } from '../orders/placed-orders.tsx'
import { useDesk } from '../session/desk-context.tsx'
import { SignInAgainPage } from '../session/sign-in-page.tsx'
import { announceWords, shellWords } from '../words/words.ts'
import { useAnnouncing } from './announcing.tsx'
import { Banner } from './banner.tsx'
import { Brand } from './brand.tsx'
import { PageVisits } from './page.tsx'
import { Pages } from './pages.tsx'
import { StatusPill, SyncNow } from './status-pill.tsx'

/** Shows the frame with the page that the address names. */
export function Shell(): ReactElement {
  const visits = useRef(0)
  const [isSigningIn] = useRoute('/sign-in')
  useArmedSync()
  useStatusAnnouncements()
  if (isSigningIn) return <SignInAgainPage />
  return (
    <PageVisits.Provider value={visits}>
      <PlacedOrdersProvider>
        <a className="skip" href="#main">
          {shellWords.skip}
        </a>
        <div className="shell">
          <header className="top">
            <Brand />
            <StatusPill />
            <SyncNow />
          </header>
          <div className="under-top">
            <Banner />
            <UpdateNotice />
          </div>
          <Navigation />
          <main id="main" tabIndex={-1}>
            <Pages />
          </main>
          <div id="dock" />
        </div>
      </PlacedOrdersProvider>
    </PageVisits.Provider>
  )
}

function Navigation(): ReactElement {
  const needsYou = useSyncStatus((status) => status.needsYou) ?? 0
  const [location] = useLocation()
  const links = [
    { href: '/', text: shellWords.orders, Icon: ReceiptText, isHere: location === '/' },
    { href: '/sync', text: shellWords.sync, Icon: RefreshCw, isHere: location.startsWith('/sync') },
    { href: '/more', text: shellWords.more, Icon: Settings, isHere: location === '/more' },
  ]
  return (
    <nav className="nav" aria-label={shellWords.navigation}>
      <span className="rail-brand">
        <Brand />
      </span>
      {links.map(({ href, text, Icon, isHere }) => (
        <Link key={href} href={href} aria-current={isHere ? 'page' : undefined}>
          <Icon aria-hidden size={22} />
          <span>{text}</span>
          {href === '/sync' && needsYou > 0 && (
            <span className="badge">
              <span aria-hidden>{needsYou}</span>
              <span className="unseen">{shellWords.needYouBadge(needsYou)}</span>
            </span>
          )}
        </Link>
      ))}
    </nav>
  )
}

function UpdateNotice(): ReactElement | null {
  const { worker } = useDesk()
  const isReady = useSyncExternalStore(worker.subscribe, worker.isUpdateReady)
  if (!isReady) return null
  return (
    <section className="banner" data-kind="update" aria-label={shellWords.updateReady}>
      <Download aria-hidden size={20} />
      <p>{shellWords.updateReady}</p>
      <div className="acts">
        <button type="button" className="button" onClick={worker.restart}>
          {shellWords.restart}
        </button>
      </div>
    </section>
  )
}

/** Lets the browser wake the service worker for what this page may not live to send. */
function useArmedSync(): void {
  const outbox = useOutbox()
  useEffect(() => (outbox === undefined ? undefined : keepSyncArmed(outbox, { page: document })), [outbox])
  useEffect(() => {
    if (outbox === undefined) return undefined
    const end = keepPeriodicSync(outbox)
    return () => void end()
  }, [outbox])
}

/** Says aloud when something began to need a person, and when everything has arrived. */
function useStatusAnnouncements(): void {
  const needsYou = useSyncStatus((status) => status.needsYou)
  const isAllSent = useSyncStatus((status) => status.pending + status.needsYou === 0)
  const before = useRef<{ needsYou: number; isAllSent: boolean }>(undefined)
  const { announce } = useAnnouncing()
  useEffect(() => {
    if (needsYou === undefined || isAllSent === undefined) return
    const last = before.current
    before.current = { needsYou, isAllSent }
    if (last === undefined) return
    if (needsYou > last.needsYou) announce(announceWords.needYou(needsYou))
    if (isAllSent && !last.isAllSent) announce(announceWords.allSent)
  }, [needsYou, isAllSent, announce])
}
