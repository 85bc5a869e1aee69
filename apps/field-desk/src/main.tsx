// The door of the pages: puts device and desk together and hands them to React.
import { currentIdentity, knownIdentities, setCurrentIdentity } from '@holdfast/client'
import { removeFromDevice, signOut } from '@holdfast/client/sign-out'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { applicationName } from './application.ts'
import { createDesk } from './session/desk.ts'
import { openDevice } from './session/device.ts'
import { fetchSession, signIn, signOut as endSession } from './session/session-client.ts'
import { registerWorker, tellWorker } from './shell/register-worker.ts'
import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/orders.css'
import './styles/sync.css'

const device = openDevice({
  // Read through functions: a browser that forbids storage throws when it is only touched.
  getItem: (key) => localStorage.getItem(key),
  setItem: (key, value) => localStorage.setItem(key, value),
  removeItem: (key) => localStorage.removeItem(key),
})
const desk = createDesk({
  device,
  hasRegistry: () => typeof indexedDB !== 'undefined',
  setCurrent: (session) => setCurrentIdentity(applicationName, session),
  currentSession: () => currentIdentity(applicationName),
  knownIdentities: () => knownIdentities(applicationName),
  // The frame and the outbox are fetched side by side, by whoever is signed in.
  openOutbox: (session) => import('./outbox.ts').then(({ openDeskOutbox }) => openDeskOutbox(session)),
  leaveDevice: (outbox, choice) => signOut(applicationName, outbox, choice),
  removeFromDevice: (session, options) => removeFromDevice(applicationName, session, options),
  fetchSession,
  signIn,
  signOut: endSession,
  tellWorker: () => tellWorker({ type: 'identity-changed' }),
})
window.addEventListener('storage', ({ key }) => desk.noteStorage(key))
// A page that was frozen, or kept for "back", has missed what other tabs said meanwhile.
document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && desk.noteStorage(null))
window.addEventListener('pageshow', ({ persisted }) => persisted && desk.noteStorage(null))

const root = document.getElementById('root')
if (root === null) throw new Error('index.html is expected to hold an element with the id "root".')
createRoot(root).render(
  <StrictMode>
    <App desk={desk} device={device} worker={registerWorker()} />
  </StrictMode>,
)
void desk.start()
