/** Puts one fault to one subject, and counts. */
import type { Browser } from '@playwright/test'
import type { Database } from '@holdfast/server'
import { writes, type Fault } from './faults.ts'
import type { Site } from './site.ts'
import { Stage, type Patience } from './stage.ts'
import type { Subject } from './subject.ts'
import type { CellResult } from './table.ts'
import { tallyOf } from './tally.ts'
import { startTruthServer } from './truth-server.ts'

/** What all cells of a run share. */
export interface Surroundings {
  readonly browser: Browser
  readonly database: Database
  readonly site: Site
  /** Default: what is given to every peer in the table. */
  readonly patience?: Patience
  /** Which time it is that this fault meets this subject, from 1. Default: 1. */
  readonly round?: number
}

/** Runs a cell. What goes wrong in the harness is in the result and not thrown: the other cells still count. */
export async function runCell(fault: Fault, subject: Subject, surroundings: Surroundings): Promise<CellResult> {
  const { browser, database, site, patience, round = 1 } = surroundings
  const startedAtMs = performance.now()
  const tenant = `${fault.key}-${subject.page}-${round}`
  const truth = await startTruthServer(database, site, tenant)
  await using stage = new Stage({
    page: subject.page,
    tenant,
    truth,
    ...(patience !== undefined && { patience }),
    ...(fault.killsBrowser !== true && { browser }),
  })
  const result = { fault: fault.key, subject: subject.page }
  try {
    await stage.open()
    await fault.play(stage)
    const { ending, ...settled } = await stage.settle()
    const tally = tallyOf(stage.written, ending)
    const tookMs = Math.round(performance.now() - startedAtMs)
    return { ...result, tally, ...settled, requests: stage.way.count(writes), tookMs }
  } catch (error) {
    const tally = tallyOf([], { effects: [], stored: [], held: [], told: [] })
    const words = error instanceof Error ? error.message : String(error)
    const tookMs = Math.round(performance.now() - startedAtMs)
    return { ...result, tally, quietAfterMs: 0, isReopened: false, requests: 0, tookMs, error: words }
  }
}
