/** Field Desk in WebKitGTK, as a person uses it. */
import type { Account } from '../fixtures/server-truth.ts'
import { pollUntil } from '../fixtures/poll.ts'
import type { WebKitBrowser } from './webkit-browser.ts'

/** Field Desk in the one tab of a browser. */
export class WebKitDesk {
  readonly #browser: WebKitBrowser
  readonly #origin: string

  constructor(browser: WebKitBrowser, origin: string) {
    this.#browser = browser
    this.#origin = origin
  }

  async open(): Promise<void> {
    await this.#browser.session.goto(this.#origin)
  }

  /** Fills in the sign-in form and sends it. */
  async fillSignIn(account: Account): Promise<void> {
    const { session } = this.#browser
    await session.type('input[name=email]', account)
    await session.type('input[name=password]', 'demo')
    await session.click('form button[type=submit]')
  }

  /** Opens the app, signs in, and waits until the app has taken it. */
  async signIn(account: Account): Promise<void> {
    await this.open()
    await this.fillSignIn(account)
    await pollUntil('the page has taken the sign-in', async () => (await this.pill()) !== undefined)
  }

  /** Places an order by hand. Resolves with its id once the page has said that it is saved. */
  async placeOrder(note: string): Promise<string> {
    const { session } = this.#browser
    await session.click('[data-testid=item-espresso]')
    await session.type('[data-testid=note]', note)
    await session.click('[data-testid=place-order]')
    let id: string | undefined
    await pollUntil('the order is placed', async () => {
      id = await session.attribute('[data-testid=placed]', 'data-order')
      return id !== undefined
    })
    await session.click('[data-testid=another-order]')
    return id ?? ''
  }

  /** What the page says of an order: the tone of its row; `undefined` while it is not listed. */
  toneOf(id: string): Promise<string | undefined> {
    return this.#browser.session.attribute(`[data-testid=order-row][data-order="${id}"]`, 'data-tone')
  }

  /** The state of everything, in the page's own kinds. */
  pill(): Promise<string | undefined> {
    return this.#browser.session.attribute('[data-testid=status-pill]', 'data-kind')
  }

  /** All text that the page shows. */
  words(): Promise<string> {
    return this.#browser.session.text()
  }
}
