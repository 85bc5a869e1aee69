/** Kill rounds in Firefox; see fixtures/kill-rounds.ts. */
import { killRounds } from '../fixtures/kill-rounds.ts'

killRounds(
  [
    { kind: 'firefox-content', name: 'F001 F005 kill -9 of the content processes', full: 30 },
    { kind: 'firefox-browser', name: 'F003 F005 kill -9 of the browser', full: 30 },
  ],
  'firefox-browser',
)
