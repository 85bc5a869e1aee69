/**
 * Kill rounds: Holdfast in a real browser is killed in the middle of writing and sending, again and again on one
 * profile, and at the end everything that `enqueue` (or the worker's answer) had acknowledged must be at the server,
 * once and in order.
 *
 *   per round: the page writes ─▶ the way is left good or made bad (seeded) ─▶ kill at a seeded moment ─▶ way healed
 *   at the end: the app is opened, nothing is pending ─▶ acknowledged against effects
 *
 * What counts as acknowledged: the page reports an id to the server only after `enqueue` has resolved, or after the
 * worker has answered 200 or 202. A write that was made and not acknowledged may arrive or not; it must not arrive twice.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Database } from '@holdfast/server'
import type { BrowserContext, Page } from '@playwright/test'
import { killBrowser } from '../fixtures/browser-process.ts'
import { pollUntil } from '../fixtures/poll.ts'
import type { Site } from '../peers/site.ts'
import { startTruthServer, type TruthServer } from '../peers/truth-server.ts'
import { writes } from '../peers/faults.ts'
import { BreakableProxy, type Fault } from '../proxy.ts'
import { killers, launch, type KillKind } from './killers.ts'
import { figuresOf, type KillCounts, type KillFigures } from './kill-figures.ts'

/** What a session of kill rounds is given. */
export interface KillSession {
  readonly kind: KillKind
  readonly rounds: number
  /** Where chance begins; printed with the figures, so that a session can be played again. */
  readonly seed: number
  readonly database: Database
  readonly site: Site
  /** Who stores the writes. Default: the worker where the worker is killed, else the page. */
  readonly by?: Writer
}

/** Who stores what a page writes; `nobody` acknowledges and stores nothing. */
export type Writer = 'page' | 'worker' | 'nobody'

/** The most writes of one round; fewer when the kill comes first. */
const writesMax = 20

/** The longest time from the first acknowledgement of a round to its kill, ms. */
const killWithinMs = 250

/** What may be wrong with the way while the browser is killed. */
const weathers: readonly (Fault | undefined)[] = [
  undefined,
  { kind: 'hold' },
  { kind: 'hold-answer' },
  { kind: 'drop-answer' },
  { kind: 'cut' },
]

/** Runs a session and counts. */
export async function killSession(session: KillSession): Promise<KillFigures> {
  const { kind, seed, rounds } = session
  const tenant = `kill-${kind}-${seed}-${crypto.randomUUID().slice(0, 8)}`
  const truth = await startTruthServer(session.database, session.site, tenant)
  const way = new BreakableProxy()
  await way.start(truth.port)
  const profile = await mkdtemp(join(tmpdir(), 'holdfast-profile-'))
  const { by = kind === 'worker' ? 'worker' : 'page' } = session
  const context = await launch(kind, profile)
  const stand: Stand = { truth, way, kind, by, profile, tenant, context, page: undefined, opened: 0, wiped: 0 }
  const random = mulberry(seed)
  try {
    for (let round = 0; round < rounds; round += 1) await playRound(stand, round, random)
    await way.heal()
    await arrive(stand)
    const counts: KillCounts = { kind, seed, kills: rounds, wiped: stand.wiped }
    return figuresOf(counts, truth.acknowledged, await truth.effects())
  } finally {
    await stand.context.close().catch(() => undefined)
    await killBrowser(profile)
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    await way.close()
    await truth.close()
  }
}

/** What a session stands on. */
interface Stand {
  readonly truth: TruthServer
  readonly way: BreakableProxy
  readonly kind: KillKind
  readonly by: Writer
  readonly profile: string
  readonly tenant: string
  context: BrowserContext
  /** The page that writes, while it lives. */
  page: Page | undefined
  opened: number
  /** How often the browser itself had lost the databases of the origin. */
  wiped: number
}

async function playRound(stand: Stand, round: number, random: () => number): Promise<void> {
  const { kind, truth, way } = stand
  const page = (stand.page ??= await openPage(stand, stand.by))
  const weather = weathers[Math.floor(random() * weathers.length)]
  const before = truth.acknowledged.length
  // It ends with the page, or when everything is written.
  const writing = page
    .evaluate(([prefix, count]) => window.writeAll(prefix, count), [`r${round}`, writesMax] as const)
    .catch(() => undefined)
  await pollUntil('a write is acknowledged', () => truth.acknowledged.length > before, { everyMs: 3 })
  if (weather !== undefined) way.breakWith(weather, writes)
  await wait(random() * killWithinMs)
  await killers[kind]({ ...stand, page })
  await way.heal()
  if (kind === 'worker') {
    // The page lives on, and two rounds that write at once would have no order.
    await page.evaluate(() => window.stopWriting())
    await writing
    return
  }
  stand.page = undefined
  if (kind === 'renderer') return
  // Firefox too when only its content has died: Playwright has it shut down then.
  await stand.context.close().catch(() => undefined)
  await killBrowser(stand.profile)
  stand.context = await launch(kind, stand.profile)
}

/** Opens the app with everything in order and waits until it has nothing left. */
async function arrive(stand: Stand): Promise<void> {
  const page = await openPage(stand, 'page')
  await pollUntil('nothing is pending', async () => (await page.evaluate(() => window.pending())) === 0, {
    withinMs: 60_000,
    everyMs: 200,
  })
}

async function openPage(stand: Stand, by: Writer): Promise<Page> {
  const { context, way, tenant } = stand
  const page = await context.newPage()
  await page.goto(`${way.url}/?page=kills&by=${by}&tenant=${tenant}`)
  await page.waitForFunction(() => 'writeAll' in window)
  const isAsLeft = await page.evaluate(() => window.witness())
  if (!isAsLeft && stand.opened > 0) stand.wiped += 1
  stand.opened += 1
  // Tabs of earlier rounds: crashed ones, and the blank one that a browser starts with.
  for (const other of context.pages()) if (other !== page) await other.close()
  return page
}

/** A small seeded generator (mulberry32): numbers in [0, 1). */
function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
