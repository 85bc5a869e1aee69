/**
 * Metrics for Prometheus: an observer that counts, and the text that a scraper reads. To be served where only the
 * operator reaches it: `holdfast serve --metrics-port` opens a port of its own on the loopback address.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Connections } from '../database/database.ts'
import { createDeviceReports } from './device-reports.ts'
import type { Observer } from './observer.ts'

/** What metrics can look at when they are read; each is left out when it is not given. */
export interface MetricsSources {
  readonly pool?: () => Connections | undefined
  /** Open event streams. */
  readonly streams?: () => number
  readonly nowMs?: () => number
}

/** Metrics of one process. */
export interface Metrics {
  /** To be given to the server. */
  readonly observer: Observer
  /** What a scraper reads. */
  readonly answer: () => Promise<Response>
  /** Adds what can only be looked at once it is there. */
  readonly look: (sources: MetricsSources) => void
}

const devicesMax = 1_000
const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Makes metrics in a registry of their own. */
export function createMetrics(given: MetricsSources = {}): Metrics {
  const registry = new Registry()
  const registers = [registry]
  let sources = given
  const reports = createDeviceReports(devicesMax, () => (sources.nowMs ?? Date.now)())

  const operations = new Counter({
    name: 'holdfast_operations_total',
    help: 'Operations that were answered, by type and outcome.',
    labelNames: ['type', 'outcome'],
    registers,
  })
  const batchSize = new Histogram({
    name: 'holdfast_batch_operations',
    help: 'Operations in a batch.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
    registers,
  })
  const applySeconds = new Histogram({
    name: 'holdfast_apply_seconds',
    help: 'Time to apply a batch, its transaction included.',
    buckets: secondsBuckets,
    registers,
  })
  const requestSeconds = new Histogram({
    name: 'holdfast_request_seconds',
    help: 'Time to answer a request, by route and status; of an event stream, the time to its start.',
    labelNames: ['path', 'status'],
    buckets: secondsBuckets,
    registers,
  })
  const operationAge = new Histogram({
    name: 'holdfast_operation_age_seconds',
    help: 'Age of an operation when it arrived: how long it was on its device.',
    buckets: [1, 10, 60, 600, 3_600, 21_600, 86_400, 259_200, 604_800],
    registers,
  })
  new Gauge({
    name: 'holdfast_device_pending',
    help: 'Entries that a device held when it last sent, by tenant and device.',
    labelNames: ['tenant', 'device'],
    registers,
    collect() {
      this.reset()
      for (const { tenant, device, pending } of reports.list()) this.set({ tenant, device }, pending)
    },
  })
  new Gauge({
    name: 'holdfast_device_oldest_seconds',
    help: 'Age of the oldest entry that a device holds, as far as it has said; goes on while it is silent.',
    labelNames: ['tenant', 'device'],
    registers,
    collect() {
      this.reset()
      for (const { tenant, device, oldestAgeNowMs } of reports.list()) {
        this.set({ tenant, device }, oldestAgeNowMs / 1000)
      }
    },
  })
  new Gauge({
    name: 'holdfast_event_streams',
    help: 'Open event streams.',
    registers,
    collect() {
      if (sources.streams !== undefined) this.set(sources.streams())
    },
  })
  new Gauge({
    name: 'holdfast_database_connections',
    help: 'Connections of the pool, and transactions that wait for one.',
    labelNames: ['state'],
    registers,
    collect() {
      const counts = sources.pool?.()
      if (counts === undefined) return
      this.set({ state: 'open' }, counts.open)
      this.set({ state: 'idle' }, counts.idle)
      this.set({ state: 'waiting' }, counts.waiting)
    },
  })

  return {
    observer: {
      applied: (batch) => {
        batchSize.observe(batch.operations.length)
        applySeconds.observe((batch.endedAtMs - batch.startedAtMs) / 1000)
        const types = new Map(batch.operations.map((operation) => [operation.id, batch.typeOf(operation)]))
        for (const { id, outcome } of batch.outcomes) operations.inc({ type: types.get(id) ?? 'unknown', outcome })
        for (const { ageMs } of batch.operations) operationAge.observe(ageMs / 1000)
      },
      reported: reports.add,
      answered: ({ path, status, durationMs }) => {
        requestSeconds.observe({ path, status: String(status) }, durationMs / 1000)
      },
    },
    look: (more) => {
      sources = { ...sources, ...more }
    },
    answer: async () =>
      new Response(await registry.metrics(), {
        headers: { 'content-type': registry.contentType, 'cache-control': 'no-store' },
      }),
  }
}
