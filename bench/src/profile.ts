/** Where our own time goes: the measured stretch under Chromium's CPU profiler. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { withBrowser } from './browser.ts'
import { ours, type Comparison } from './comparison.ts'
import type { MeasureOptions } from './measure.ts'
import { profileName } from './page/measurement.ts'

/** How often the profiler looks, µs. */
const samplingUs = 100

/** Functions that are listed. */
const listedMax = 25

/** Runs our side of a comparison once; gives a text for people, and leaves `FOLDER/title.cpuprofile` for DevTools. */
export async function profile(comparison: Comparison, folder: string, options: MeasureOptions): Promise<string> {
  const session = comparison.sessions.find(({ subjects }) => subjects.includes(ours))
  if (session === undefined) throw new Error(`${comparison.title} has no side of ours to profile.`)
  return withBrowser(options, async ({ page }) => {
    const cdp = await page.context().newCDPSession(page)
    const finished = new Promise<CpuProfile>((resolve) => {
      cdp.on('Profiler.consoleProfileFinished', (event) => {
        if (event.title === profileName) resolve(event.profile)
      })
    })
    await cdp.send('Profiler.enable')
    await cdp.send('Profiler.setSamplingInterval', { interval: samplingUs })
    await allowProfile(page)
    await session.run(page, options.limitMs)
    const found = await finished
    await mkdir(folder, { recursive: true })
    const file = join(folder, `${comparison.title.replaceAll(/[^\w]+/g, '-')}.cpuprofile`)
    await writeFile(file, JSON.stringify(found))
    return `${comparison.title}: ${file}\n${describe(found)}`
  })
}

async function allowProfile(page: Page): Promise<void> {
  await page.evaluate(() => {
    globalThis.isProfiled = true
  })
}

/** The parts of Chromium's CPU profile that are read here. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly lineNumber: number; readonly url: string }
  }[]
  readonly samples?: readonly number[]
  readonly timeDeltas?: readonly number[]
  readonly startTime: number
  readonly endTime: number
}

/** The functions with the most time of their own. `(idle)` is waiting: for storage, for the sender. */
function describe({ nodes, samples = [], timeDeltas = [], startTime, endTime }: CpuProfile): string {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, lineNumber, url } }) => [
      id,
      url === '' ? functionName : `${functionName === '' ? 'anonymous' : functionName}  line ${lineNumber + 1}`,
    ]),
  )
  const selfUs = new Map<string, number>()
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? 'unknown'
    selfUs.set(name, (selfUs.get(name) ?? 0) + (timeDeltas[index] ?? 0))
  }
  const totalUs = endTime - startTime
  const lines = [...selfUs]
    .toSorted((left, right) => right[1] - left[1])
    .slice(0, listedMax)
    .map(
      ([name, us]) =>
        `  ${(us / 1000).toFixed(1).padStart(9)} ms ${((100 * us) / totalUs).toFixed(1).padStart(5)} %  ${name}`,
    )
  return [`  ${(totalUs / 1000).toFixed(1).padStart(9)} ms        measured`, ...lines].join('\n')
}
