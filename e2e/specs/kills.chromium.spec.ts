/** Kill rounds in Chromium; see fixtures/kill-rounds.ts. */
import { killRounds } from '../fixtures/kill-rounds.ts'

killRounds(
  [
    { kind: 'renderer', name: 'F001 F005 the tab crashes', full: 40 },
    { kind: 'worker', name: 'F002 the service worker that stores is stopped', full: 40 },
    { kind: 'browser', name: 'F003 F005 kill -9 of the browser', full: 40 },
  ],
  'renderer',
)
