/**
 * The catalogue: every sentence that people read, in one place. Texts with something in them are functions with typed
 * arguments, so that number and order of words belong to the language and not to the code.
 *
 * People never read: outbox, queue, dead letter, conflict, lane, status codes, "sync failed".
 */

/** Counts things: `1 order`, `2 orders`. */
function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`
}

const entries = (number: number) => count(number, 'entry', 'entries')

/** What is said of one entry. */
export const entryWords = {
  saved: 'Saved on this device',
  goesOutNext: 'Goes out next.',
  goesOutOnline: 'Goes out when you are back online.',
  goesOutServer: 'Goes out when the server can be reached again.',
  goesOutCaptive: 'Goes out when this Wi-Fi lets you through.',
  goesOutSignedIn: 'Sign in again to send it.',
  goesOutOtherPerson: 'Somebody else is signed in. It goes out when you sign in again.',
  goesOutResumed: 'Sending is paused. It goes out when you resume it.',
  goesOutByHand: 'Goes out when you send it.',
  waitsBehind: (other: string) => `Waits for ${other}.`,
  sending: 'Sending',
  triesAgain: (when: string) => `Tries again ${when}`,
  tryOf: (number: number, most: number) => `Try ${number} of ${most}.`,
  serverAsked: (when: string) => `The server asked us to wait until ${when}.`,
  onServer: 'On the server',
  onServerSince: (when: string, number: string | undefined) =>
    number === undefined ? `Since ${when}.` : `Since ${when}, as order ${number}.`,
  onServerJoined: 'On the server, joined with another change',
  needsYou: (cause: string) => `Needs you: ${cause}`,
  changedInTwoPlaces: 'changed in two places',
  changedSince: 'Somebody changed it while this was on its way.',
  refused: 'refused',
  refusedPlainly: 'The server refused it.',
  triesFailed: (tries: number) => `${count(tries, 'try', 'tries')} failed`,
  lastAnswer: (when: string, cause: string) => `Last answer ${when}: ${cause}`,
  notAllowed: 'not allowed',
  notAllowedHow: 'Your account may not do this. Ask an administrator.',
  tooLarge: 'too large',
  tooLargeHow: 'It is larger than the server takes.',
  needsNewVersion: 'Needs the new version',
  needsNewVersionHow: 'This was made by another version of the app.',
  parkedHow: 'This was made by a newer version of the app. It is kept here and goes out after the update.',
  discardedByYou: (when: string) => `Discarded by you, ${when}`,
  discardReason: (reason: string) => `Reason: ${reason}.`,
  discardUncertain: 'The server may have got it before. We are asking.',
  replaced: 'Replaced by a new try',
  waitingFor: (span: string) => `Waiting for ${span}.`,
  waitingFirst: (span: string) => `Waiting for ${span}: goes first.`,
  waitingReview: (span: string) => `Waiting for ${span}: check that it is still right.`,
} as const

/** Why an attempt failed. */
export const failureWords = {
  network: 'The server could not be reached.',
  timeout: 'The server did not answer in time.',
  'server-error': 'The server had a problem.',
  busy: 'The server was busy.',
  proxy: 'Something between here and the server answered instead of it.',
  problem: 'The server could not take it yet.',
} as const

/** What people can do with an entry. */
export const actWords = {
  tryNow: 'Try now',
  tryAgain: 'Try again',
  discard: 'Discard',
  signIn: 'Sign in',
  sendNow: 'Send now',
  update: 'Update',
  details: 'Details',
} as const

/** The pill: the state of everything, in as few words as there are. */
export const pillWords = {
  opening: 'Opening…',
  notKept: 'Not kept on this device',
  needYou: (number: number) => (number === 1 ? '1 needs you' : `${number} need you`),
  signIn: (number: number) => (number === 0 ? 'Signed out' : `Sign in to send ${number}`),
  captive: 'Wi-Fi wants a sign-in',
  serverUnreachable: 'Server not reachable',
  offline: 'Offline',
  andWaiting: (state: string, number: number) => (number === 0 ? state : `${state} · ${number} waiting`),
  sending: (number: number, total: number) => `Sending ${number} of ${total}`,
  waiting: (number: number) => `${number} waiting`,
  allOnServer: (when: string) => `All on the server · ${when}`,
  nothingWaiting: 'Nothing waiting',
} as const

/** The banner over the page, once for each time that something is wrong. */
export const bannerWords = {
  region: 'Connection',
  offline: 'You are offline. Keep working: everything is saved on this device and goes out by itself.',
  server: (when: string | undefined) =>
    `The server cannot be reached. Nothing is lost.${when === undefined ? '' : ` Next try ${when}.`}`,
  captive: 'This Wi-Fi wants you to sign in. Nothing is lost.',
  signedOut: (number: number) =>
    number === 0
      ? 'You are signed out. What you write is kept on this device until you sign in.'
      : `You are signed out. ${entries(number)} ${number === 1 ? 'is' : 'are'} safe on this device.`,
  otherPerson: (name: string) =>
    `Somebody else is signed in in this browser. What ${name} writes is kept here and goes out when ${name} signs in.`,
  back: (number: number) => (number === 0 ? 'Back online.' : `Back online. Sending ${number}.`),
  notKept: 'This browser keeps nothing. If you close this page, everything that is not on the server is lost.',
  tryNow: 'Try now',
  openWifi: 'Open sign-in page',
  checkAgain: 'Check again',
  signIn: 'Sign in',
  hide: 'Hide this message',
} as const

/** What is said aloud, to people who cannot see it change. */
export const announceWords = {
  offline: 'You are offline. Everything is saved on this device.',
  back: 'Back online.',
  needYou: (number: number) => `${pillWords.needYou(number)}.`,
  allSent: 'Nothing is waiting any more.',
  orderSaved: 'Order saved on this device.',
} as const

/** The frame around all pages. */
export const shellWords = {
  app: 'Field Desk',
  navigation: 'Pages',
  orders: 'Orders',
  sync: 'Sync',
  more: 'More',
  settings: 'Settings',
  skip: 'Skip to the page',
  syncNow: 'Sync now',
  syncing: 'Syncing…',
  progress: (done: number, total: number) => `${done} of ${total} sent`,
  needYouBadge: (number: number) => pillWords.needYou(number),
  title: (page: string, number: number) => `${number > 0 ? `(${number}) ` : ''}${page} · Field Desk`,
  updateReady: 'Update ready',
  restart: 'Restart',
  broken: 'Something went wrong in this page.',
  brokenHow: 'What you have saved is safe on this device. Load the page again to go on.',
  reload: 'Load again',
} as const

/** Signing in. */
export const signInWords = {
  title: 'Sign in',
  lead: 'Orders that are safe the moment you place them, with or without a network.',
  email: 'E-mail',
  password: 'Password',
  show: 'Show',
  hide: 'Hide',
  submit: 'Sign in',
  signingIn: 'Signing in…',
  wrong: 'The e-mail address or the password is not right.',
  // A wait of seconds is mostly that of a busy server, so it must not speak of failed tries.
  limited: (seconds: number) =>
    seconds < 60
      ? `Too many sign-ins just now. Try again in ${count(seconds, 'second', 'seconds')}.`
      : `Too many failed tries. Try again in ${count(Math.ceil(seconds / 60), 'minute', 'minutes')}.`,
  unreachable: 'The server cannot be reached. Signing in needs it; try again when you are online.',
  refused: 'You could not be signed in. Try again.',
  sealed: (number: number, name: string) =>
    `This device holds ${entries(number)} of ${name}. ${number === 1 ? 'It goes' : 'They go'} out when ${name} signs in.`,
  sealedOther: (number: number) =>
    `${entries(number)} of another user ${number === 1 ? 'is' : 'are'} kept on this device. ${number === 1 ? 'It goes' : 'They go'} out when that user signs in.`,
  remove: 'Remove from this device',
  sealedRow: (number: number, when: string) => `${entries(number)} of one user, last here ${when}`,
  sealedList: 'Entries of others on this device',
  removeTitle: (number: number) => `Remove ${entries(number)} of another user from this device?`,
  removeHow: (number: number) =>
    number === 1
      ? 'It is not known to be on the server. Only its owner can send it, after signing in.'
      : 'They are not known to be on the server. Only their owner can send them, after signing in.',
  removeConfirm: (number: number) => `I understand that ${entries(number)} ${number === 1 ? 'is' : 'are'} lost`,
  removeOtherCount: 'The number has changed in the meantime. Nothing was removed; look again.',
  removeFailed: 'This device could not do that. Nothing was removed.',
  keepThem: 'Keep them',
  unconfirmed: (number: number) =>
    `${entries(number)} ${number === 1 ? 'was' : 'were'} discarded while the server could not be reached. If one was just on its way, it may be there all the same.`,
  goOn: (name: string) => `Continue as ${name}`,
  goOnHow: 'and send later',
  demo: 'For trying out: ana@north.example, ben@north.example or cleo@south.example, password “demo”.',
} as const

/** The shop: menu, cart and orders. */
export const orderWords = {
  title: 'Orders',
  newOrder: 'New order',
  search: 'Search the menu',
  categories: 'Kinds of items',
  all: 'All',
  nothingFound: (text: string) => `Nothing on the menu is called “${text}”.`,
  add: 'Add',
  inCart: 'in the cart',
  cart: 'Cart',
  cartEmpty: 'Nothing in the cart yet. Tap an item to add it.',
  one: (name: string) => `One ${name} less`,
  more: (name: string) => `One ${name} more`,
  table: 'Table',
  note: 'Note',
  notePlaceholder: 'No onions, window seat…',
  payment: 'Paid',
  paymentMethod: { cash: 'Cash', card: 'Card' },
  subtotal: 'Subtotal',
  tax: (percent: string) => `VAT ${percent}`,
  total: 'Total',
  place: (total: string) => `Place order · ${total}`,
  saving: 'Saving…',
  clear: 'Empty the cart',
  items: (number: number) => count(number, 'item', 'items'),
  review: (number: number, total: string) => `${count(number, 'item', 'items')} · ${total}`,
  reviewAct: 'Review order',
  tableWrong: 'A table is a whole number from 1 to 999.',
  placed: 'Order placed',
  another: 'New order',
  name: (short: string) => `Order ${short}`,
  atTable: (table: number) => `Table ${table}`,
  by: (name: string) => `by ${name}`,
  list: 'Placed orders',
  filters: 'Which orders to show',
  filterAll: 'All',
  filterOpen: 'Not yet on the server',
  filterNeedsYou: 'Needs you',
  listEmpty: 'Orders that you place appear here, each with where it is: on this device or on the server.',
  listNoneOpen: 'Everything is on the server.',
  listNoneNeedsYou: 'Nothing needs you.',
  listOld: (when: string) => `Orders on the server, as of ${when}.`,
  listNotLoaded: 'Orders that are only on the server appear when it can be reached.',
  showMore: 'Show more',
  notSaved: 'Not saved',
  notSavedFull: 'This device is full. Free some space, then save again.',
  notSavedElse: 'The browser could not store the order. Your cart is still here: try again.',
  notSavedWrong: 'This order cannot be placed like this. Check it and try again.',
} as const

/** The page with everything that is on its way. */
export const syncWords = {
  title: 'Sync',
  lead: 'What you have written, and where it is.',
  needsYou: 'Needs you',
  waiting: 'Waiting',
  onServer: 'On the server',
  discarded: 'Discarded',
  noneNeedsYou: 'Nothing needs you.',
  noneWaiting: 'Nothing is waiting. What you write appears here until it is on the server.',
  noneOnServer: 'What reaches the server is listed here for seven days.',
  noneDiscarded: 'Nothing was discarded in the last seven days.',
  lastSeven: 'in the last 7 days',
  savedHere: 'saved on this device',
  toSettle: 'to settle',
  atLeast: (number: number) => `${number}+`,
  sealedTitle: 'Other people on this device',
  takingBack: (name: string) => `Takes back ${name}`,
  unknownKind: 'Entry of another version',
  entryTitle: (name: string) => name,
  back: 'Back to Sync',
  gone: 'This entry is not kept on this device any more.',
  timeline: 'What happened',
  saved: 'saved on this device',
  tried: (outcome: string) => `tried: ${outcome}`,
  answered: 'the server answered',
  triesAgainAt: (when: string) => `tries again ${when}`,
  arrived: 'on the server',
  discardedStep: 'discarded by you',
  whatIsIn: 'What is in it',
  technical: 'Technical details',
  copy: 'Copy',
  copied: 'Copied',
  state: 'State',
  kind: 'Kind',
  identifier: 'Identifier',
  tries: 'Tries',
  problem: 'Answer',
  discardTitle: (name: string) => `Discard ${name}?`,
  discardHow:
    'It will not be sent. You can restore it from “Discarded” for seven days. If the server has it already, it stays there.',
  reason: 'Reason (optional)',
  keep: 'Keep it',
  discard: (name: string) => `Discard ${name}`,
  actFailed: 'That did not work: it has changed in the meantime. Look at it again.',
} as const

/** Settings, signing out and storage. */
export const settingsWords = {
  title: 'More',
  account: 'Signed in',
  ofCompany: (company: string) => `at ${company}`,
  offlineAs: 'The server has not confirmed the sign-in yet.',
  signOut: 'Sign out',
  signOutPlain: 'Sign out?',
  signOutWith: (number: number) => `Sign out with ${entries(number)} not yet on the server?`,
  keepSealed: 'Keep them sealed on this device',
  keepSealedHow: 'Only you can send them, after you sign in again.',
  sendFirst: 'Send first, then sign out',
  sendFirstHow: 'You stay signed in if something cannot be sent.',
  discardAll: (number: number) => `Discard ${entries(number)}`,
  discardAllHow: 'They are taken off this device and cannot be brought back.',
  discardConfirm: (number: number) => `I understand that ${entries(number)} ${number === 1 ? 'is' : 'are'} lost`,
  stay: 'Stay signed in',
  notAllSent: (number: number) => `${entries(number)} could not be sent yet. You are still signed in.`,
  otherCount: (number: number) => `There are ${entries(number)} now. Nothing was discarded; look again.`,
  signOutFailed: 'This device could not do that. You are still signed in.',
  storage: 'Storage',
  storageUsed: (size: string) => `${size} on this device.`,
  storageMayGo: 'The browser may remove it when the disk is full.',
  storageUnknown: 'The browser does not say how much is stored on this device.',
  protect: 'Protect my data',
  protected: 'Protected: the browser asks you before removing it.',
  protectRefused: 'The browser said no. Installing the app usually helps.',
  protectSilent: 'The browser has not answered.',
  about: 'About',
  aboutText:
    'Field Desk shows what Holdfast does: an order is safe the moment it says so, and reaches the server once.',
} as const
