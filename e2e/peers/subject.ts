/** Who is compared: each peer as its documentation shows it, and once more under an app that takes every care. */

/** A peer under one way of use. */
export interface Subject {
  /** The page that runs it (pages/NAME). */
  readonly page: string
  readonly name: string
  /** What is used, and how, for the report. */
  readonly uses: string
}

/** All of them. */
export const subjects: readonly Subject[] = [
  { page: 'holdfast', name: 'Holdfast', uses: 'defaults; one lane, a refused order lets the next ones pass' },
  {
    page: 'workbox',
    name: 'Workbox',
    uses: 'workbox-background-sync 7.4.1: BackgroundSyncPlugin on a NetworkOnly route, as its documentation shows first',
  },
  {
    page: 'workbox-careful',
    name: 'Workbox, careful app',
    uses: 'the same with a status plug-in, a key for each write, no age limit, and an onSync that reads answers and removes a request after its answer',
  },
  {
    page: 'tanstack',
    name: 'TanStack',
    uses: '@tanstack/offline-transactions 1.0.53: key sent along, 4xx is a NonRetriableError, as its guide shows',
  },
  {
    page: 'tanstack-careful',
    name: 'TanStack, careful app',
    uses: 'the same; only a readable JSON answer from the asked address counts, 401/403/408/429 are tried again, a refusal is noted on the device',
  },
]

/** The sender that does everything wrong, for the test of the harness itself. */
export const faulty: Subject = { page: 'faulty', name: 'Faulty', uses: 'every bug that is looked for' }
