/**
 * Connectivity: what is known of the way to the server, from answers and from a probe of our own. The browser's
 * `onLine` is only a hint: it lies in both directions.
 *
 *   unknown ──▶ online ◀──────── green ────────┐
 *                 │ a request fails             │
 *                 └──▶ probe ── not green ──▶ down (offline, server-unreachable, captive)
 *                                               └─ probes again after 5 s … 60 s (15 min while nothing is pending), or at a hint
 *
 * A pure state machine: time and chance come in as values.
 */
import type { ProbeAnswer } from '../transport/transport.ts'

/** What is known of the way to the server. */
export type WayState =
  | { readonly kind: 'open'; readonly connectivity: 'unknown' | 'online' }
  | {
      readonly kind: 'down'
      readonly connectivity: 'offline' | 'server-unreachable' | 'captive'
      readonly probes: number
      readonly nextProbeAtMs: number
      /** When it would be while something is pending. */
      readonly busyProbeAtMs: number
      /** How far away the next probe was when it was set, ms. */
      readonly delayMs: number
    }

/** The first and the longest wait between two probes, ms. */
const [probeBaseMs, probeCapMs] = [5000, 60_000]
/** The longest wait while nothing is pending, ms: nobody waits for the answer, and what is stored is a hint. */
const idleProbeCapMs = 900_000
/** A hint (the network is back, somebody looks) may bring the next probe forward, but not below this wait, ms. */
const hintedProbeMs = 1000
/** So much later at most, by chance, ms: all devices of a site hear in one moment that their network is back. */
const hintedSpreadMs = 2000

/** The way as it is taken to be before anything was tried. */
export const unknownWay: WayState = { kind: 'open', connectivity: 'unknown' }

/** The way after our server has answered. */
export const openWay: WayState = { kind: 'open', connectivity: 'online' }

/** The way after a probe. */
export function afterProbe(
  way: WayState,
  answer: ProbeAnswer['kind'],
  context: {
    readonly nowMs: number
    readonly random: number
    readonly isOnlineHint: boolean
    readonly isIdle: boolean
  },
): WayState {
  if (answer === 'green') return openWay
  const probes = way.kind === 'down' ? way.probes + 1 : 1
  // 20 % of jitter: devices that lost the same access point must not come back as one.
  const delayUpTo = (capMs: number): number =>
    Math.round(Math.min(probeBaseMs * 2 ** Math.min(probes - 1, 16), capMs) * (0.8 + 0.4 * context.random))
  const delayMs = delayUpTo(context.isIdle ? idleProbeCapMs : probeCapMs)
  const reachable = context.isOnlineHint ? 'server-unreachable' : 'offline'
  return {
    kind: 'down',
    connectivity: answer === 'captive' ? 'captive' : reachable,
    probes,
    nextProbeAtMs: context.nowMs + delayMs,
    busyProbeAtMs: context.nowMs + delayUpTo(probeCapMs),
    delayMs,
  }
}

/** The way after a hint that a probe is worth while; `random` is in [0, 1). */
export function afterHint(way: WayState, nowMs: number, random: number): WayState {
  if (way.kind === 'open') return way
  const soonMs = nowMs + hintedProbeMs + Math.round(random * hintedSpreadMs)
  return { ...way, nextProbeAtMs: Math.min(way.nextProbeAtMs, soonMs) }
}

/** The way after an entry was stored: the wait of an idle way is over, that of a busy one is not. */
export function afterGrowth(way: WayState, nowMs: number): WayState {
  if (way.kind === 'open') return way
  const atMs = Math.max(way.busyProbeAtMs, nowMs + hintedProbeMs)
  return { ...way, nextProbeAtMs: Math.min(way.nextProbeAtMs, atMs) }
}

/** True when the next probe is due; also when the clock was set back behind the wait that was meant. */
export function isProbeDue(way: WayState, nowMs: number): boolean {
  return way.kind === 'down' && (nowMs >= way.nextProbeAtMs || way.nextProbeAtMs - nowMs > way.delayMs)
}
