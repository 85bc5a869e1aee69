/**
 * Naming an identity in a text: for the stamp of a request, and for whatever is kept apart by identity.
 *
 * The stamp says whose write a request is, in the words of the page that makes it. A cookie says only who is signed in
 * now, and a page may have been open since before: without a stamp, what Ana typed there would be taken as Ben's. It is
 * asserted and never believed: it can have a request refused, never let through.
 */

/** The header that carries the stamp. */
export const identityHeader = 'Holdfast-Identity'

/** The stamp of a person of a tenant. */
export function identityStamp({ tenant, user }: { readonly tenant: string; readonly user: string }): string {
  return `${encodedName(tenant)}/${encodedName(user)}`
}

/**
 * A name as a part of a longer text, in ASCII without `/` and `:`. No two names have the same: case, accents and half
 * characters (which `encodeURIComponent` refuses) stay apart, and nothing in a name can reach into the next part.
 */
export function encodedName(name: string): string {
  let encoded = ''
  // Character by character, so that only a surrogate without its partner stands alone.
  for (const character of name) {
    encoded += character.isWellFormed() ? encodeURIComponent(character) : `%u${character.charCodeAt(0).toString(16)}`
  }
  return encoded
}
