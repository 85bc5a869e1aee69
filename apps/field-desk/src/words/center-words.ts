/** The catalogue, continued: what people read when they look through, change, pause or export what they have written. */

/** What the things that people write are called, by type of operation. A short name may follow: "Order A3F2". */
export const kindWords: Readonly<Record<string, string>> = {
  'pos.order': 'Order',
  'pos.order-status': 'Change of order',
  'pos.refund': 'Refund of order',
  'pos.cancel': 'Cancellation of order',
  'pos.receipt': 'Receipt',
  'payments.payment': 'Payment',
  'payments.refund': 'Refund of payment',
  'jobs.status': 'State of job',
  'jobs.location': 'Place of job',
  'jobs.notes': 'Note on job',
  'jobs.parts': 'Parts of job',
  'jobs.update': 'Change of job',
  'jobs.completion': 'Completion of job',
  'industries.hs': 'Home service',
  'industries.rest': 'Restaurant',
  'industries.auto': 'Car service',
  'industries.ret': 'Retail',
  'customers.customer': 'Customer',
  'customers.patch': 'Change of customer',
  'invoices.invoice': 'Invoice',
  'schedule.update': 'Visit',
  'preferences.set': 'Settings',
  'analytics.event': 'Usage',
  'forms.submission': 'Form',
}

/** Looking through what was written. */
export const searchWords = {
  region: 'Search and filter',
  search: 'Search',
  placeholder: 'Name, table, note…',
  kind: 'Kind',
  allKinds: 'All kinds',
  state: 'Where it is',
  all: 'All',
  noneFound: 'Nothing here matches.',
  cut: (most: number) => `The first ${most} are looked through. The file of everything has them all.`,
} as const

/** Sending, and holding it back. */
export const sendingWords = {
  title: 'Sending',
  automatic: 'What you write goes out by itself.',
  pausedAll: 'Sending is paused. Everything is kept on this device until you resume it.',
  pausedSome: (kinds: string) => `Paused: ${kinds}. Everything else goes out by itself.`,
  manualAll: 'Things go out only when you send them.',
  manualSome: (kinds: string) => `Goes out only when you send it: ${kinds}.`,
  overdue: 'Something that is held back has waited for three days.',
  stopped: (when: string | undefined) =>
    `The server has failed several times, so nothing is sent for now.${when === undefined ? '' : ` Tries again ${when}.`}`,
  trial: 'The next one is a trial: if the server takes it, the others follow.',
  pauseAll: 'Pause everything',
  resumeAll: 'Resume everything',
  byKind: 'Pause by kind',
  isPaused: 'paused',
  failed: 'This device could not remember that. Try again.',
} as const

/** Changing what was refused. */
export const editWords = {
  title: (name: string) => `Edit ${name}`,
  lead: 'It goes out again with your changes, from its old place. If the old version has reached the server after all, that one stands.',
  back: 'Back without a change',
  refused: 'What the server said',
  items: 'Items',
  remove: (name: string) => `Take ${name} off`,
  putBack: (name: string) => `Put ${name} back`,
  takenOff: 'taken off',
  off: 'Take off',
  putBackShort: 'Put back',
  quantity: (name: string) => `Number of ${name}`,
  quantityWrong: 'A number is a whole number from 1 to 99.',
  nothingLeft: 'An order has at least one item. To drop it, go back and discard it.',
  resend: 'Save and send again',
  technical: 'Technical details',
  technicalHow: 'Everything that is in it. What you change here goes out as it stands.',
  content: 'Content',
  notJson: 'This cannot be read. Check quotes, commas and brackets.',
  wrong: (why: string) => `It cannot go out like this: ${why}`,
  notSaved: 'The browser could not store it. Nothing has changed: try again.',
  gone: 'This cannot be edited any more: it has gone out, or was discarded.',
} as const

/** Acts that need more than a word. */
export const moreActWords = {
  edit: 'Edit and resend',
  restore: 'Restore',
  goOn: 'Let the others go on',
  goesOnWithout: 'What comes after it goes on without it.',
} as const

/** The file of everything that is stored here. */
export const exportWords = {
  title: 'File of everything',
  how: 'Everything of yours that is kept on this device, with its content. Keep the file to yourself.',
  json: 'Save as JSON',
  csv: 'Save as table (CSV)',
  saved: (number: number) => `A file with ${number} ${number === 1 ? 'entry' : 'entries'} was made.`,
  failed: 'The file could not be made. Try again.',
  columns: {
    name: 'Name',
    kind: 'Kind',
    state: 'Where it is',
    made: 'Made',
    settled: 'Settled',
    tries: 'Tries',
    content: 'Content',
    identifier: 'Identifier',
  },
} as const
