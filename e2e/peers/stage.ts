/** One peer in a real browser, in front of its own truth server, with a breakable way in between. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { chromium, type Browser, type BrowserContext, type Page } from '@playwright/test'
import { chromiumArguments, chromiumPath } from '../browsers.ts'
import { killBrowser } from '../fixtures/browser-process.ts'
import { pollUntil } from '../fixtures/poll.ts'
import { BreakableProxy, type Matching } from '../proxy.ts'
import type { Ending, Written } from './tally.ts'
import { poison, type TruthServer } from './truth-server.ts'

/** How many writes each fault meets. */
const writesInAll = 10

/** How long a peer may take in the page that is open, and once more after the app was opened again. */
export interface Patience {
  readonly openMs: number
  readonly reopenedMs: number
}

/** More than the longest wait that any of the peers sets itself after faults that are over within seconds. */
const usualPatience: Patience = { openMs: 5000, reopenedMs: 12_000 }

/** How long after the last sign of work its effects may still show, ms. */
const graceMs = 800

/** How a stage came to rest. */
export interface Settled {
  readonly ending: Ending
  /** How long after the fault was over nothing was on its way any more, ms. */
  readonly quietAfterMs: number
  /** True when the app had to be opened again. */
  readonly isReopened: boolean
}

/** What a stage is set with. */
export interface StageOptions {
  readonly page: string
  readonly tenant: string
  readonly truth: TruthServer
  /** A running browser; without one the stage starts its own, which can be killed. */
  readonly browser?: Browser
  readonly patience?: Patience
}

/** A stage; dispose of it at the end. */
export class Stage implements AsyncDisposable {
  readonly way: BreakableProxy = new BreakableProxy()
  readonly truth: TruthServer
  readonly written: Written[] = []
  readonly #options: StageOptions
  readonly #told = new Set<string>()
  #profile: string | undefined
  #context: BrowserContext | undefined
  #page: Page | undefined

  constructor(options: StageOptions) {
    this.#options = options
    this.truth = options.truth
  }

  get context(): BrowserContext {
    if (this.#context === undefined) throw new Error('the stage was expected to be open')
    return this.#context
  }

  get page(): Page {
    if (this.#page === undefined) throw new Error('a page was expected to be open')
    return this.#page
  }

  async open(): Promise<void> {
    await this.way.start(this.truth.port)
    await this.#openContext()
    this.#page = await this.#openPage()
  }

  /** Makes the ten writes, one after the other. */
  async write({ poisonAt }: { readonly poisonAt?: number } = {}): Promise<void> {
    for (let number = 0; number < writesInAll; number += 1) await this.#writeOne(this.page, 'one', number, poisonAt)
  }

  /** Makes the writes with the server away, and leaves it away. */
  async writeWhileAway(options: { readonly poisonAt?: number } = {}): Promise<void> {
    await this.way.down()
    await this.write(options)
  }

  async writeInTwoTabsWhileAway(): Promise<void> {
    const second = await this.#openPage()
    await this.way.down()
    const half = Array.from({ length: writesInAll / 2 }, (_, number) => number)
    const writeHalf = async (page: Page, writer: string) => {
      for (const number of half) await this.#writeOne(page, writer, number)
    }
    await Promise.all([writeHalf(this.page, 'one'), writeHalf(second, 'two')])
  }

  /** Waits until a request has met the fault; goes on without, when the peer sends none. */
  async meets(matching: Matching): Promise<void> {
    const before = this.way.count(matching)
    await pollUntil('a request comes', () => this.way.count(matching) > before, { withinMs: 8000 }).catch(
      () => undefined,
    )
  }

  wait(forMs: number): Promise<void> {
    return wait(forMs)
  }

  async signIn(): Promise<void> {
    await this.page.evaluate(() => window.sender.signedIn())
  }

  /** Closes every tab and opens the app anew, with a clock that is off by so much. */
  async reopen({ shiftMs = 0 }: { readonly shiftMs?: number } = {}): Promise<void> {
    await this.#hearTold()
    const before = this.context.pages()
    // A page that is no app keeps the browser open, and leadership with nobody, while the app's own tabs go.
    const blank = await this.context.newPage()
    for (const page of before) await page.close()
    this.#page = await this.#openPage(shiftMs)
    await blank.close()
  }

  /** SIGKILL for the whole browser; then the way is good again, and a new browser opens the app on the same profile. */
  async killBrowser(): Promise<void> {
    if (this.#profile === undefined) throw new Error('only a browser of its own can be killed')
    await killBrowser(this.#profile)
    await this.context.close().catch(() => undefined)
    await this.way.heal()
    await this.#openContext()
    this.#page = await this.#openPage()
  }

  /** The tab's process dies; then the way is good again, and the app is opened in another tab. */
  async crashTab(): Promise<void> {
    const crashed = this.page
    const session = await this.context.newCDPSession(crashed)
    const died = new Promise((resolve) => crashed.once('crash', resolve))
    session.send('Page.crash').catch(() => undefined)
    await died
    await crashed.close()
    await this.way.heal()
    this.#page = await this.#openPage()
  }

  async stopWorkers(): Promise<void> {
    const session = await this.context.newCDPSession(this.page)
    await session.send('ServiceWorker.enable')
    await session.send('ServiceWorker.stopAllWorkers')
  }

  /** Waits until nothing is on its way any more, opens the app again if that takes long, and says what is left. */
  async settle(): Promise<Settled> {
    const { patience = usualPatience } = this.#options
    const startedAtMs = performance.now()
    const isQuiet = await this.#isQuietWithin(patience.openMs)
    if (!isQuiet) {
      await this.reopen()
      await this.#isQuietWithin(patience.reopenedMs)
    }
    const quietAfterMs = Math.round(performance.now() - startedAtMs)
    await wait(graceMs)
    return { ending: await this.#ending(), quietAfterMs, isReopened: !isQuiet }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.way.heal()
    await this.#context?.close().catch(() => undefined)
    if (this.#profile !== undefined) {
      await killBrowser(this.#profile)
      await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 })
    }
    await this.way.close()
    await this.truth.close()
  }

  async #isQuietWithin(withinMs: number): Promise<boolean> {
    const isQuiet = async () => {
      const { stored, held } = await this.#ending()
      return stored.every((id) => held.includes(id))
    }
    try {
      await pollUntil('nothing is on its way', isQuiet, { withinMs, everyMs: 150 })
      return true
    } catch {
      return false
    }
  }

  async #ending(): Promise<Ending> {
    await this.#hearTold()
    const [stored, held] = await this.page.evaluate(() => Promise.all([window.sender.stored(), window.sender.held()]))
    return { effects: await this.truth.effects(), stored, held, told: [...this.#told] }
  }

  async #hearTold(): Promise<void> {
    for (const page of this.context.pages()) {
      const told = await page.evaluate(() => window.sender?.told() ?? []).catch(() => [])
      for (const id of told) this.#told.add(id)
    }
  }

  async #writeOne(page: Page, writer: string, number: number, poisonAt?: number): Promise<void> {
    const id = `${writer}-${number}${number === poisonAt ? `-${poison}` : ''}`
    const said = await page.evaluate((one) => window.sender.write(one), id)
    this.written.push({ id, writer, said })
  }

  async #openContext(): Promise<void> {
    const { browser } = this.#options
    if (browser !== undefined) {
      this.#context = await browser.newContext()
      return
    }
    this.#profile ??= await mkdtemp(join(tmpdir(), 'holdfast-profile-'))
    const executablePath = chromiumPath()
    this.#context = await chromium.launchPersistentContext(this.#profile, {
      args: [...chromiumArguments],
      ...(executablePath !== undefined && { executablePath }),
    })
  }

  async #openPage(shiftMs = 0): Promise<Page> {
    const { page: name, tenant } = this.#options
    const page = await this.context.newPage()
    await page.goto(`${this.way.url}/?page=${name}&tenant=${tenant}&shift=${shiftMs}`)
    await page.waitForFunction(() => 'sender' in window)
    return page
  }
}
