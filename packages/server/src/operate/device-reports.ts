/**
 * What devices last said of themselves: the newest reports of a bounded number of devices. A device that has fallen
 * silent with entries in hand is the one worth seeing, so its oldest entry goes on ageing here.
 *
 * One process sees the batches that came to it; over several, take the newest series of a device.
 */
import type { DeviceReport } from './observer.ts'

/** A report, and how old the oldest entry must be by now. */
export interface AgedReport extends DeviceReport {
  readonly oldestAgeNowMs: number
}

/** The reports of one process. */
export interface DeviceReports {
  readonly add: (report: DeviceReport) => void
  readonly list: () => readonly AgedReport[]
}

/** Makes an empty collection of at most `most` devices; the one that was heard of longest ago makes room. */
export function createDeviceReports(most: number, nowMs: () => number): DeviceReports {
  const reports = new Map<string, { readonly report: DeviceReport; readonly atMs: number }>()
  return {
    add: (report) => {
      const key = JSON.stringify([report.tenant, report.device])
      // A map lists by insertion: whoever is heard of moves to the end.
      reports.delete(key)
      reports.set(key, { report, atMs: nowMs() })
      const [first] = reports.keys()
      if (reports.size > most && first !== undefined) reports.delete(first)
    },
    list: () => {
      const now = nowMs()
      return [...reports.values()].map(({ report, atMs }) => ({
        ...report,
        oldestAgeNowMs: report.pending === 0 ? 0 : report.oldestAgeMs + Math.max(0, now - atMs),
      }))
    },
  }
}
