/** The faults: what stands in the way while ten writes are made or sent. The same for every peer. */
import { pollUntil } from '../fixtures/poll.ts'
import { everyDoor, type Fault as WayFault, type Matching } from '../proxy.ts'
import type { Stage } from './stage.ts'

/** A fault. */
export interface Fault {
  readonly key: string
  /** For the table. */
  readonly name: string
  /** Runs the fault from the first write to the moment from which on everything is in order again. */
  readonly play: (stage: Stage) => Promise<void>
  /** True when it kills the browser, which is then one of its own. */
  readonly killsBrowser?: boolean
}

/** Requests that carry writes. */
export const writes: Matching = ({ method, path }) => method === 'POST' && path.startsWith('/api/')

/** How long a fault stays after the first request has met it, ms. */
const staysMs = 2500

const html = { 'Content-Type': 'text/html' }
const welcome = '<!doctype html><title>Welcome</title><p>Sign in to the hotel network'
const dayMs = 24 * 60 * 60 * 1000

/** Ten writes while the server is away; then it comes back, and answers like this for a while. */
const answered =
  (fault: WayFault, matching: Matching = writes) =>
  async (stage: Stage) => {
    await stage.writeWhileAway()
    stage.way.breakWith(fault, matching)
    await stage.way.up()
    await stage.meets(matching)
    await stage.wait(staysMs)
    await stage.way.heal()
  }

/** Ten writes while the server is away; it comes back, and something dies while it has the first request. */
const killed = (moment: 'hold' | 'hold-answer', kill: (stage: Stage) => Promise<void>) => async (stage: Stage) => {
  await stage.writeWhileAway()
  stage.way.breakWith({ kind: moment }, writes)
  await stage.way.up()
  await pollUntil('a request is held', () => stage.way.heldCount > 0, { withinMs: 15_000 })
  await kill(stage)
  await stage.way.heal()
}

/** Ten writes with a clock that is off, none of which gets through before the app is opened with the right one. */
const withClock = (shiftMs: number) => async (stage: Stage) => {
  await stage.reopen({ shiftMs })
  stage.way.breakWith({ kind: 'cut' })
  await stage.write()
  await stage.wait(staysMs)
  await stage.reopen({ shiftMs: 0 })
  await stage.way.heal()
}

const status = (code: number, headers: Record<string, string> = {}): WayFault => ({
  kind: 'answer',
  status: code,
  headers: { 'Content-Type': 'text/plain', ...headers },
  body: 'not now',
})

/** All faults, in the order of the table. */
export const faults: readonly Fault[] = [
  { key: 'none', name: 'nothing breaks', play: (stage) => stage.write() },
  {
    key: 'away',
    name: 'server away (connections refused) for 5 s',
    play: async (stage) => {
      await stage.writeWhileAway()
      await stage.wait(4000)
      await stage.way.up()
    },
  },
  {
    key: 'offline',
    name: 'device offline, then online',
    play: async (stage) => {
      await stage.context.setOffline(true)
      await stage.write()
      await stage.wait(500)
      await stage.context.setOffline(false)
    },
  },
  { key: '500', name: '500 for a while', play: answered(status(500)) },
  { key: '503', name: '503 of a load balancer, on everything', play: answered(status(503), everyDoor) },
  {
    key: '503-online',
    name: '503 while the writes are made',
    play: async (stage) => {
      stage.way.breakWith(status(503), everyDoor)
      await stage.write()
      await stage.wait(staysMs)
      await stage.way.heal()
    },
  },
  { key: '429', name: '429 with `Retry-After: 2`', play: answered(status(429, { 'Retry-After': '2' })) },
  {
    key: '401',
    name: '401 until the person signs in again',
    play: async (stage) => {
      await stage.writeWhileAway()
      stage.truth.isSignedIn = false
      await stage.way.up()
      await stage.meets(everyDoor)
      await stage.wait(staysMs)
      stage.truth.isSignedIn = true
      await stage.signIn()
    },
  },
  {
    key: 'captive',
    name: 'captive portal: 200 with a page',
    play: answered({ kind: 'answer', status: 200, headers: html, body: welcome }, everyDoor),
  },
  {
    key: 'redirect',
    name: 'redirect to a login page',
    play: answered({ kind: 'answer', status: 302, headers: { Location: '/login' } }, everyDoor),
  },
  { key: 'truncated', name: 'applied, and the JSON answer cut in half', play: answered({ kind: 'truncate' }) },
  {
    key: 'lost-answer',
    name: 'applied, and the connection cut before the answer',
    play: answered({ kind: 'drop-answer' }),
  },
  {
    key: 'lost-answer-online',
    name: 'the same while the writes are made',
    play: async (stage) => {
      stage.way.breakWith({ kind: 'drop-answer' }, writes)
      await stage.write()
      await stage.wait(staysMs)
      await stage.way.heal()
    },
  },
  {
    key: 'poison',
    name: 'one of the ten is refused for good (400)',
    play: async (stage) => {
      await stage.writeWhileAway({ poisonAt: 4 })
      await stage.way.up()
    },
  },
  {
    key: 'kill-before',
    name: '`kill -9` of the browser, request in flight, not applied',
    killsBrowser: true,
    play: killed('hold', (stage) => stage.killBrowser()),
  },
  {
    key: 'kill-after',
    name: '`kill -9` of the browser, request in flight, applied',
    killsBrowser: true,
    play: killed('hold-answer', (stage) => stage.killBrowser()),
  },
  { key: 'tab', name: 'the tab crashes, request in flight', play: killed('hold', (stage) => stage.crashTab()) },
  {
    key: 'worker',
    name: 'the service worker is stopped, request in flight',
    play: killed('hold', (stage) => stage.stopWorkers()),
  },
  {
    key: 'two-tabs',
    name: 'two tabs write five each at once, server away',
    play: async (stage) => {
      await stage.writeInTwoTabsWhileAway()
      await stage.way.up()
    },
  },
  {
    key: 'ten-days',
    name: 'ten days pass before the app is opened again',
    play: withClock(-10 * dayMs),
  },
  { key: 'clock-back', name: 'the clock was a day ahead while writing', play: withClock(dayMs) },
]
