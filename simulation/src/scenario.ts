/**
 * Scenarios: which faults a run has, how often, and how long it is. Each seed leaves most kinds of faults out and makes
 * the others frequent or rare, so that no kind hides behind another (swarm testing).
 */
import { SimRandom } from './random.ts'

const secondMs = 1000
const minuteMs = 60_000
const hourMs = 3_600_000

/** What can happen to one request, as probabilities. */
export interface RequestFaults {
  readonly lostRequest: number
  readonly lostAnswer: number
  readonly duplicated: number
  readonly duplicatedLate: number
  readonly delayedPastTimeout: number
  readonly neverEnding: number
  readonly proxyStatus: number
  readonly retryAfter: number
  readonly portal: number
  readonly loginRedirect: number
  readonly truncated: number
  readonly otherService: number
  readonly outcomesMissing: number
  readonly outcomesExtra: number
  readonly outcomesTwice: number
  readonly outcomesContradicted: number
  readonly serverCrashBefore: number
  readonly serverCrashAfter: number
  readonly healthLies: number
}

/** What can happen to one call of the store, as probabilities. */
export interface StoreFaults {
  readonly killAfterCommit: number
  readonly appendQuota: number
  readonly updateQuota: number
  readonly failure: number
}

/** Mean times between events of a kind, ms; `undefined` leaves the kind out. */
export interface Happenings {
  readonly kill: number | undefined
  readonly closeTab: number | undefined
  readonly openTab: number | undefined
  readonly freeze: number | undefined
  readonly workerWake: number | undefined
  readonly powerCut: number | undefined
  readonly clockJump: number | undefined
  readonly networkChange: number | undefined
  readonly fullDisk: number | undefined
  readonly brokenDisk: number | undefined
  readonly signOut: number | undefined
  readonly otherUser: number | undefined
  readonly serverOutage: number | undefined
}

/** What people do, as weights. */
export interface Habits {
  /** Mean time between two acts of one person, ms. */
  readonly actEveryMs: number
  readonly burst: number
  readonly repeatId: number
  readonly discard: number
  readonly retry: number
  readonly drain: number
  readonly cleanup: number
  readonly refused: number
  readonly broken: number
  readonly staleBase: number
  readonly afterOthers: number
}

/** All that a run is made of. */
export interface Scenario {
  readonly faultsMs: number
  readonly deviceCount: number
  readonly tenantCount: number
  readonly laneCount: number
  readonly latencyMs: number
  readonly skewMs: number
  readonly storageDelayMs: number
  readonly channelLoss: number
  readonly isOnlineHintLying: boolean
  readonly isManual: boolean
  readonly request: RequestFaults
  readonly store: StoreFaults
  readonly happenings: Happenings
  readonly habits: Habits
}

/** Draws the scenario of a seed. */
export function drawScenario(random: SimRandom): Scenario {
  const intensity = random.pick([0.2, 1, 1, 2.5]) ?? 1
  const rate = (most: number): number =>
    random.chance(0.45) ? Math.min(0.9, most * intensity * random.between(0.1, 1)) : 0
  const length = random.fraction()
  const isLong = length < 0.06
  const faultsMs = isLong ? random.between(60, 120) * hourMs : random.between(4, 50) * minuteMs
  const pace = isLong ? 30 : 1
  const every = (least: number, most: number): number | undefined =>
    random.chance(0.45) ? pace * random.between(least, most) : undefined
  return {
    faultsMs,
    deviceCount: 1 + random.integer(3),
    tenantCount: 1 + random.integer(2),
    laneCount: 1 + random.integer(6),
    latencyMs: random.pick([5, 40, 400, 2000]) ?? 40,
    skewMs: random.chance(0.3) ? random.between(-10, 10) * 365 * 24 * hourMs : random.between(-5, 5) * secondMs,
    storageDelayMs: random.pick([0.5, 5, 50]) ?? 5,
    channelLoss: random.chance(0.4) ? random.between(0.02, 0.5) : 0,
    isOnlineHintLying: random.chance(0.3),
    isManual: random.chance(0.06),
    request: {
      lostRequest: rate(0.3),
      lostAnswer: rate(0.3),
      duplicated: rate(0.3),
      duplicatedLate: rate(0.2),
      delayedPastTimeout: rate(0.1),
      neverEnding: rate(0.1),
      proxyStatus: rate(0.2),
      retryAfter: rate(0.1),
      portal: rate(0.15),
      loginRedirect: rate(0.1),
      truncated: rate(0.15),
      otherService: rate(0.1),
      outcomesMissing: rate(0.2),
      outcomesExtra: rate(0.2),
      outcomesTwice: rate(0.2),
      outcomesContradicted: rate(0.15),
      serverCrashBefore: rate(0.1),
      serverCrashAfter: rate(0.15),
      healthLies: rate(0.3),
    },
    store: {
      killAfterCommit: rate(0.01),
      appendQuota: rate(0.1),
      updateQuota: rate(0.1),
      failure: rate(0.03),
    },
    happenings: {
      kill: every(20 * secondMs, 5 * minuteMs),
      closeTab: every(minuteMs, 10 * minuteMs),
      openTab: every(20 * secondMs, 3 * minuteMs),
      freeze: every(30 * secondMs, 5 * minuteMs),
      workerWake: every(30 * secondMs, 5 * minuteMs),
      powerCut: every(minuteMs, 10 * minuteMs),
      clockJump: every(minuteMs, 10 * minuteMs),
      networkChange: every(10 * secondMs, 3 * minuteMs),
      fullDisk: every(2 * minuteMs, 10 * minuteMs),
      brokenDisk: every(2 * minuteMs, 10 * minuteMs),
      signOut: every(minuteMs, 10 * minuteMs),
      otherUser: every(minuteMs, 10 * minuteMs),
      serverOutage: every(2 * minuteMs, 15 * minuteMs),
    },
    habits: {
      actEveryMs: pace * (random.pick([1500, 5000, 15_000]) ?? 5000),
      burst: random.chance(0.3) ? 0.1 : 0.01,
      repeatId: rate(0.1),
      discard: rate(0.1),
      retry: rate(0.1),
      drain: rate(0.1),
      cleanup: rate(0.03),
      refused: rate(0.1),
      broken: rate(0.05),
      staleBase: rate(0.05),
      afterOthers: rate(0.3),
    },
  }
}

/** A scenario's request faults once everything is well. */
export const noRequestFaults: RequestFaults = {
  lostRequest: 0,
  lostAnswer: 0,
  duplicated: 0,
  duplicatedLate: 0,
  delayedPastTimeout: 0,
  neverEnding: 0,
  proxyStatus: 0,
  retryAfter: 0,
  portal: 0,
  loginRedirect: 0,
  truncated: 0,
  otherService: 0,
  outcomesMissing: 0,
  outcomesExtra: 0,
  outcomesTwice: 0,
  outcomesContradicted: 0,
  serverCrashBefore: 0,
  serverCrashAfter: 0,
  healthLies: 0,
}

/** A scenario's store faults once everything is well. */
export const noStoreFaults: StoreFaults = { killAfterCommit: 0, appendQuota: 0, updateQuota: 0, failure: 0 }
