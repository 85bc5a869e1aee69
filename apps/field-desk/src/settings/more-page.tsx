/** More: who is signed in, signing out, and what this device keeps. */
import { useSyncStatus } from '@holdfast/react'
import { LogOut, UserRound } from 'lucide-react'
import { useState, type ReactElement } from 'react'
import { useDesk } from '../session/desk-context.tsx'
import { Page } from '../shell/page.tsx'
import { settingsWords } from '../words/words.ts'
import { SignOutDialog } from './sign-out-dialog.tsx'
import { StorageCard } from './storage-card.tsx'

/** Shows the page. */
export function MorePage(): ReactElement {
  const { desk, identity } = useDesk()
  const open = useSyncStatus((status) => status.pending + status.needsYou) ?? 0
  const isConfirmed = useSyncStatus((status) => status.authentication === 'ok' && status.connectivity === 'online')
  const [isAsking, setAsking] = useState(false)
  // What cannot be done without a question is asked: the dialog says why.
  const leaveNow = () => desk.leave({ how: 'keep-sealed' }).catch(() => setAsking(true))
  return (
    <Page title={settingsWords.title} className="more-page">
      <section className="card account" aria-labelledby="account-heading">
        <h2 id="account-heading">{settingsWords.account}</h2>
        <p className="person">
          <span className="avatar" aria-hidden>
            <UserRound size={22} />
          </span>
          <span>
            <strong>{identity.name}</strong> {settingsWords.ofCompany(identity.company)}
            {isConfirmed === false && <span className="quiet block">{settingsWords.offlineAs}</span>}
          </span>
        </p>
        <button
          type="button"
          className="button"
          onClick={() => (open === 0 ? void leaveNow() : setAsking(true))}
          data-testid="sign-out"
        >
          <LogOut aria-hidden size={18} /> {settingsWords.signOut}
        </button>
      </section>
      <StorageCard />
      <section className="card" aria-labelledby="about-heading">
        <h2 id="about-heading">{settingsWords.about}</h2>
        <p>{settingsWords.aboutText}</p>
      </section>
      {isAsking && <SignOutDialog onClose={() => setAsking(false)} />}
    </Page>
  )
}
