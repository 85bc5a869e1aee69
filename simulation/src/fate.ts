/** Fate: what happens to a device and its tabs while people work. Each stroke is counted as a fault of its kind. */
import type { Journal } from './journal.ts'
import type { SimRandom } from './random.ts'
import type { SimDevice, Tab } from './sim-device.ts'
import { fineNetwork } from './sim-network.ts'
import { fineDisk } from './sim-storage.ts'

const [hourMs, dayMs] = [3_600_000, 86_400_000]
/** Jumps of the wall clock: an hour, the day, a wrong year. */
const jumpsMs: readonly number[] = [hourMs, -hourMs, dayMs, -2 * dayMs, 4 * dayMs, 3650 * dayMs, -3650 * dayMs]

/** What fate needs. */
export interface FateHost {
  readonly random: SimRandom
  readonly journal: Journal
  /** Some devices keep a right clock all their life, so that deadlines can be judged there. */
  readonly isClockSteady: boolean
}

/** One stroke of fate. */
export function strike(device: SimDevice, { random, journal, isClockSteady }: FateHost): void {
  const tab = random.pick(device.tabs)
  const stroke = random.integer(28)
  switch (stroke) {
    case 0:
    case 1:
      changeNetwork(device, random)
      return
    case 2:
    case 3:
    case 24:
    case 25:
      device.networkWeather = {
        ...fineNetwork,
        trouble: random.between(0.4, 1),
        probeTrouble: random.between(0, 0.5),
      }
      hintAll(device, random)
      return
    case 4:
    case 5:
      device.diskWeather = random.chance(0.4)
        ? { ...fineDisk }
        : {
            // One time in three there is no room at all.
            quota: random.chance(0.3) ? Math.min(1, random.fraction() * 1.5) : 0,
            failure: random.chance(0.5) ? random.between(0, 0.4) : 0,
            ambiguity: random.chance(0.4) ? random.between(0, 0.4) : 0,
            slowness: random.chance(0.4) ? random.between(0, 0.3) : 0,
          }
      return
    case 6:
      device.channels.loss = random.chance(0.5) ? random.fraction() : 0
      return
    case 7:
    case 8:
      if (tab === undefined) return
      journal.fault('tab-killed')
      device.kill(tab)
      return
    case 9:
      journal.fault('browser-killed')
      device.killAll()
      return
    case 10:
      journal.fault('power-cut')
      device.cutPower()
      return
    case 11:
      freezeOrThaw(tab, journal, random)
      return
    case 12:
      for (const other of device.tabs) other.context.thaw()
      return
    case 13:
      if (device.locks.takeAway()) journal.note(`${device.name} loses its lock`)
      return
    case 14:
      if (isClockSteady) return
      journal.fault('clock-jump')
      device.jumpClock(random.pick(jumpsMs) ?? 0)
      return
    case 15:
      journal.fault('online-hint-lies')
      device.isOnlineHint = !device.isOnlineHint
      return
    case 16:
      journal.fault('session-expired')
      device.cookie = null
      return
    case 17:
      changePerson(device, random, journal)
      return
    case 18:
    case 19:
    case 26:
      signIn(device, random)
      return
    case 20:
      if (tab !== undefined) tab.context.isHidden = !tab.context.isHidden
      if (tab?.context.isHidden === true) journal.fault('tab-hidden')
      return
    case 21:
      if (tab !== undefined) device.close(tab)
      return
    default:
      openTab(device, random)
  }
}

function changeNetwork(device: SimDevice, random: SimRandom): void {
  const isOffline = random.chance(0.6)
  device.networkWeather = { isOffline, isCaptive: !isOffline, trouble: 0, probeTrouble: random.between(0, 0.2) }
}

/** The browser says that the network is back, as often as not. */
function hintAll(device: SimDevice, random: SimRandom): void {
  for (const { context } of device.tabs) if (random.chance(0.5)) context.hint()
}

function freezeOrThaw(tab: Tab | undefined, journal: Journal, random: SimRandom): void {
  if (tab === undefined) return
  if (!tab.context.isAlive) {
    tab.context.thaw()
    return
  }
  journal.fault('tab-frozen')
  tab.context.freeze(random.chance(0.5))
}

/** Somebody else signs in, in this browser; the tabs of whoever was there stay open or go. */
function changePerson(device: SimDevice, random: SimRandom, journal: Journal): void {
  const other = random.pick(device.people)
  if (other === undefined || other === device.cookie) return
  journal.fault('person-changed')
  device.cookie = other
  for (const tab of device.tabs) if (tab.session !== other && random.chance(0.5)) device.close(tab)
  openTab(device, random)
}

function signIn(device: SimDevice, random: SimRandom): void {
  device.cookie ??= random.pick(device.people) ?? null
  for (const { outbox, context, session } of device.tabs) {
    if (session === device.cookie && context.isAlive) outbox?.authenticated()
  }
}

/** Opens a tab of whoever is signed in, or of somebody whose session has expired: the app opens without one. */
export function openTab(device: SimDevice, random: SimRandom): void {
  const session = device.cookie ?? random.pick(device.people)
  if (session !== undefined && device.tabs.length < 4) device.open(session)
}
