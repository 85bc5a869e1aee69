/**
 * One round of the crash protocol, the same for every subject: three writes are made while the server is away, the
 * server comes back and holds the first request, the whole browser is killed with SIGKILL, and a new browser on the
 * same profile is given a server in good health. What has then not arrived is lost; what has arrived twice is doubled.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type BrowserContext, type Page } from '@playwright/test'
import { chromiumArguments, chromiumPath } from '../browsers.ts'
import { killBrowser } from '../fixtures/browser-process.ts'
import { pollUntil } from '../fixtures/poll.ts'
import type { BreakableProxy, Matching } from '../proxy.ts'

/** What is put through the protocol. */
export interface CrashSubject {
  readonly name: string
  readonly proxy: BreakableProxy
  /** The requests that carry writes. */
  readonly door: Matching
  /** Opens the app and makes it ready for writing. */
  readonly prepare: (page: Page) => Promise<void>
  /** Makes a write that can be recognised, and resolves once the app has called it saved. */
  readonly write: (page: Page, id: string) => Promise<void>
  /** Opens the app again after the crash, and resolves when it has nothing left to send. */
  readonly recover: (page: Page) => Promise<void>
  /** The ids that the server has, with repetitions. */
  readonly arrived: () => Promise<readonly string[]>
}

/** When the browser dies: before the server has seen the first request, or after it has done what it says. */
export type Moment = 'before' | 'after'

/** What a round came to. */
export interface RoundResult {
  readonly acknowledged: number
  readonly lost: number
  readonly doubled: number
}

const writesPerRound = 3

/** Runs one round with a fresh profile. */
export async function crashRound(subject: CrashSubject, moment: Moment, round: string): Promise<RoundResult> {
  const { proxy, door } = subject
  const profile = await mkdtemp(join(tmpdir(), 'holdfast-profile-'))
  const ids = Array.from({ length: writesPerRound }, (_, index) => `${round}-${index}`)
  try {
    await proxy.reset()
    const first = await launch(profile)
    const page = await first.newPage()
    await subject.prepare(page)
    await proxy.down()
    for (const id of ids) await subject.write(page, id)
    proxy.breakWith({ kind: moment === 'before' ? 'hold' : 'hold-answer' }, door)
    await proxy.up()
    await pollUntil('the first request is held', () => proxy.heldCount > 0)
    await killBrowser(profile)
    await first.close().catch(() => undefined)
    await proxy.reset()

    const second = await launch(profile)
    await subject.recover(await second.newPage())
    await second.close()
    const arrived = (await subject.arrived()).filter((id) => ids.includes(id))
    const distinct = new Set(arrived).size
    return { acknowledged: ids.length, lost: ids.length - distinct, doubled: arrived.length - distinct }
  } finally {
    await killBrowser(profile)
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Starts a browser on a profile folder. */
export function launch(profile: string): Promise<BrowserContext> {
  const executablePath = chromiumPath()
  return chromium.launchPersistentContext(profile, {
    args: [...chromiumArguments],
    ...(executablePath !== undefined && { executablePath }),
  })
}
