/** Starting and ending a WebKitGTK browser: a display of its own, the driver, and the browser that the driver starts. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pollUntil } from '../fixtures/poll.ts'
import { WebDriverSession } from './webdriver.ts'

const browser = fileURLToPath(new URL('browser.py', import.meta.url))

/** How a browser is started. */
export interface WebKitOptions {
  /** Keeps everything in a folder of its own; else the session is a private one. */
  readonly isKept: boolean
  /** Features of the engine to switch off. */
  readonly off?: readonly string[]
}

/** A WebKitGTK browser with one tab. */
export class WebKitBrowser implements AsyncDisposable {
  readonly #display: Display
  readonly #profile: string
  readonly #driver: ChildProcess
  readonly #session: WebDriverSession

  private constructor(display: Display, profile: string, { driver, session }: Running) {
    this.#display = display
    this.#profile = profile
    this.#driver = driver
    this.#session = session
  }

  static async start(options: WebKitOptions): Promise<WebKitBrowser> {
    const display = await startDisplay()
    const profile = await mkdtemp(join(tmpdir(), 'holdfast-webkit-'))
    try {
      return new WebKitBrowser(display, profile, await run(options, display, profile))
    } catch (error) {
      await end(display.process)
      await rm(profile, { recursive: true, force: true })
      throw error
    }
  }

  get session(): WebDriverSession {
    return this.#session
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.end().catch(() => undefined)
    await killGroup(this.#driver)
    await end(this.#display.process)
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

interface Running {
  readonly driver: ChildProcess
  readonly session: WebDriverSession
}

interface Display {
  readonly name: string
  readonly process: ChildProcess
}

async function run({ isKept, off = [] }: WebKitOptions, display: Display, profile: string): Promise<Running> {
  const port = await freePort()
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    DISPLAY: display.name,
    HOLDFAST_WEBKIT_OFF: off.join(','),
    ...(isKept && { HOLDFAST_WEBKIT_PROFILE: profile }),
  }
  // A process group of its own: the driver starts the browser, and that its own helpers.
  const driver = spawn('WebKitWebDriver', [`--port=${port}`], { env, stdio: 'ignore', detached: true })
  try {
    const url = `http://127.0.0.1:${port}`
    const isUp = () =>
      fetch(`${url}/status`).then(
        () => true,
        () => false,
      )
    await pollUntil('WebKitWebDriver answers', isUp, { withinMs: 10_000 })
    const session = await WebDriverSession.begin(url, {
      'webkitgtk:browserOptions': { binary: browser, args: [] },
    })
    return { driver, session }
  } catch (error) {
    await killGroup(driver)
    throw error
  }
}

async function startDisplay(): Promise<Display> {
  // It picks a free number itself and writes it to the descriptor.
  const xvfb = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const [, , , numbers] = xvfb.stdio
  if (numbers === null || numbers === undefined) throw new Error('a pipe from Xvfb was expected')
  const number = new Promise<string>((resolve, reject) => {
    numbers.once('data', (chunk) => resolve(String(chunk).trim()))
    xvfb.once('error', reject)
    xvfb.once('exit', (code) => reject(new Error(`Xvfb did not start (${code ?? 'a signal'})`)))
  })
  return { name: `:${await number}`, process: xvfb }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (typeof address !== 'object' || address === null) throw new Error('a port was expected')
  return address.port
}

async function killGroup(leader: ChildProcess): Promise<void> {
  if (leader.pid === undefined) return
  const isOver = leader.exitCode !== null || leader.signalCode !== null ? Promise.resolve() : once(leader, 'exit')
  try {
    process.kill(-leader.pid, 'SIGKILL')
  } catch {
    // All of them are gone.
  }
  await isOver
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const over = once(child, 'exit')
  child.kill('SIGTERM')
  await over
}
