/** What people are told of a form that is followed. Every sentence in one place, for apps that put it in other words. */

/** What has happened to a form. */
export type FormNotice =
  /** What had been typed before is back. */
  | { readonly kind: 'restored' }
  /** It is stored on this device, and goes out when the server can be reached. */
  | { readonly kind: 'stored' }
  /** It is on the server. */
  | { readonly kind: 'sent' }
  /** It could not be stored: the form stays as it is. */
  | { readonly kind: 'not-stored'; readonly reason: string }
  /** The server did not take it, maybe long after. */
  | { readonly kind: 'refused'; readonly reason: string }

/** A notice in words. */
export function wordsOf(notice: FormNotice): string {
  switch (notice.kind) {
    case 'restored':
      return 'What you had typed is back.'
    case 'stored':
      return 'Saved on this device. It will be sent once you are online.'
    case 'sent':
      return 'Sent.'
    case 'not-stored':
      return `Not saved. ${notice.reason}`
    case 'refused':
      return `The server did not take what you sent. ${notice.reason}`
  }
}
