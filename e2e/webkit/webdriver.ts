/** The little of W3C WebDriver that the tests need: open an address, type, click, run a script. */
import { pollUntil } from '../fixtures/poll.ts'

/** The name under which WebDriver hands elements out. @see https://www.w3.org/TR/webdriver2/#elements */
const elementKey = 'element-6066-11e4-a52e-4f735466cecf'

/** One session of a driver. */
export class WebDriverSession {
  readonly #base: string

  private constructor(base: string) {
    this.#base = base
  }

  /** Begins a session: the driver starts the browser. */
  static async begin(driver: string, capabilities: Readonly<Record<string, unknown>>): Promise<WebDriverSession> {
    const answer = await command(`${driver}/session`, 'POST', { capabilities: { alwaysMatch: capabilities } })
    if (!isRecord(answer) || typeof answer['sessionId'] !== 'string') throw new Error('a session id was expected')
    const session = new WebDriverSession(`${driver}/session/${answer['sessionId']}`)
    await session.#command('POST', '/timeouts', { script: 30_000, pageLoad: 30_000 })
    return session
  }

  async goto(url: string): Promise<void> {
    await this.#command('POST', '/url', { url })
  }

  /** Runs the body of an asynchronous function in the page, with `given` as its arguments; gives what it returns. */
  async run(body: string, ...given: readonly unknown[]): Promise<unknown> {
    const script = `const [answer] = [...arguments].slice(-1)
      const work = async (...given) => { ${body} }
      work(...[...arguments].slice(0, -1)).then((value) => answer({ value }), (error) => answer({ error: String(error) }))`
    const answer = await this.#command('POST', '/execute/async', { script, args: given })
    if (!isRecord(answer)) throw new Error('an answer of the script was expected')
    if (typeof answer['error'] === 'string') throw new Error(`a script in the page failed: ${answer['error']}`)
    return answer['value']
  }

  /**
   * Clicks the first element, once it is there and enabled. By script and not at its place on the screen: a banner that
   * comes in between would move it away from under the pointer.
   */
  async click(selector: string): Promise<void> {
    const click = `const element = document.querySelector(given[0])
      if (element === null || element.disabled) return false
      element.click()
      return true`
    await pollUntil(`${selector} is there and enabled`, async () => (await this.run(click, selector)) === true, {
      withinMs: 15_000,
    })
  }

  /** Types into the first element. */
  async type(selector: string, text: string): Promise<void> {
    await this.#with(selector, (id) => this.#command('POST', `/element/${id}/value`, { text }))
  }

  /** An attribute of the first element; `undefined` when there is none. */
  async attribute(selector: string, name: string): Promise<string | undefined> {
    const found = await this.run('return document.querySelector(given[0])?.getAttribute(given[1])', selector, name)
    return typeof found === 'string' ? found : undefined
  }

  /** All text that the page shows. */
  async text(): Promise<string> {
    return String(await this.run('return document.body.innerText'))
  }

  async end(): Promise<void> {
    await this.#command('DELETE', '')
  }

  async #with(selector: string, act: (id: string) => Promise<unknown>): Promise<void> {
    let reason = 'nothing was tried'
    const isDone = async () => {
      try {
        const element = await this.#command('POST', '/element', { using: 'css selector', value: selector })
        const id = isRecord(element) ? element[elementKey] : undefined
        if (typeof id !== 'string') throw new Error('an element was expected')
        await act(id)
        return true
      } catch (error) {
        // Not there yet, or still covered or disabled.
        reason = String(error)
        return false
      }
    }
    await pollUntil(`${selector} could be used`, isDone, { withinMs: 15_000, everyMs: 100 }).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${reason}`)
    })
  }

  #command(method: string, path: string, body?: unknown): Promise<unknown> {
    return command(this.#base + path, method, body)
  }
}

async function command(url: string, method: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: { 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(45_000),
  })
  const answer: unknown = await response.json()
  const value = isRecord(answer) ? answer['value'] : undefined
  if (response.ok) return value
  throw new Error(
    isRecord(value) ? `${String(value['error'])}: ${String(value['message'])}` : `HTTP ${response.status}`,
  )
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
