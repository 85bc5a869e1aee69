/** Fate: what happens to a device and its tabs while people work. Each stroke is counted as a fault of its kind. */
import { fineNetwork } from './answer-fault.ts'
import type { Journal } from './journal.ts'
import type { SimRandom } from './random.ts'
import type { SimDevice, Tab } from './sim-device.ts'
import { fineDisk } from './sim-storage.ts'

const [hourMs, dayMs] = [3_600_000, 86_400_000]
/** Jumps of the wall clock: an hour, some days. */
const jumpsMs: readonly number[] = [hourMs, -hourMs, dayMs, -dayMs, -2 * dayMs, 4 * dayMs]
/** A clock that is years off. */
const yearsMs: readonly number[] = [3650 * dayMs, -3650 * dayMs]

/** What fate needs. */
export interface FateHost {
  readonly random: SimRandom
  readonly journal: Journal
  /** All devices of the run. */
  readonly devices: readonly SimDevice[]
  /** Some devices keep a right clock all their life, so that deadlines can be judged there. */
  readonly isClockSteady: boolean
}

type Stroke = (device: SimDevice, host: FateHost, tab: Tab | undefined) => void

/** The strokes, each with how often it comes among the others. */
const strokes: readonly (readonly [weight: number, stroke: Stroke])[] = [
  [8, changeNetwork],
  [16, troubleNetwork],
  [8, changeDisk],
  [4, loseMessages],
  [8, killTab],
  [4, killBrowser],
  [4, cutPower],
  [4, freezeOrThaw],
  [4, thawAll],
  [4, stealLock],
  [4, setClock],
  [4, lieAboutNetwork],
  [4, expireSession],
  [4, changePerson],
  [12, signIn],
  [4, hideOrShow],
  [4, closeTab],
  [12, (device, { random }) => openTab(device, random)],
  [2, changeRelease],
  [1, flood],
  [0.3, takeBackup],
  [0.2, restoreBackup],
  [0.15, cloneProfile],
  [0.15, evict],
]

const weightOfAll = strokes.reduce((sum, [weight]) => sum + weight, 0)

/** One stroke of fate. */
export function strike(device: SimDevice, host: FateHost): void {
  const tab = host.random.pick(device.tabs)
  let left = host.random.between(0, weightOfAll)
  for (const [weight, stroke] of strokes) {
    left -= weight
    if (left > 0) continue
    stroke(device, host, tab)
    return
  }
}

/** Opens a tab of whoever is signed in, or of somebody whose session has expired: the app opens without one. */
export function openTab(device: SimDevice, random: SimRandom): void {
  const session = device.cookie ?? random.pick(device.people)
  if (session !== undefined && device.tabs.length < 4) device.open(session)
}

function changeNetwork(device: SimDevice, { random }: FateHost): void {
  const kind = random.pick(['isOffline', 'isOffline', 'isOffline', 'isCaptive', 'isFlapping', 'isSlow'] as const)
  const probeTrouble = random.between(0, 0.2)
  device.networkWeather = { ...fineNetwork, probeTrouble, ...(kind !== undefined && { [kind]: true }) }
}

function troubleNetwork(device: SimDevice, { random }: FateHost): void {
  device.networkWeather = {
    ...fineNetwork,
    trouble: random.between(0.4, 1),
    probeTrouble: random.between(0, 0.5),
  }
  // The browser says that the network is back, as often as not.
  for (const { context } of device.tabs) if (random.chance(0.5)) context.hint()
}

function changeDisk(device: SimDevice, { random }: FateHost): void {
  device.handoverDeadliness = random.chance(0.3) ? 0.5 : 0
  device.diskWeather = random.chance(0.4)
    ? { ...fineDisk }
    : {
        quota: random.chance(0.3) ? random.fraction() : 0,
        failure: random.chance(0.5) ? random.between(0, 0.4) : 0,
        ambiguity: random.chance(0.4) ? random.between(0, 0.4) : 0,
        slowness: random.chance(0.4) ? random.between(0, 0.3) : 0,
        isLost: random.chance(0.1),
        deadliness: random.chance(0.3) ? random.between(0, 0.1) : 0,
      }
}

function loseMessages(device: SimDevice, { random }: FateHost): void {
  device.channels.loss = random.chance(0.5) ? random.fraction() : 0
}

function killTab(device: SimDevice, { journal }: FateHost, tab: Tab | undefined): void {
  if (tab === undefined) return
  journal.fault('tab-killed')
  device.kill(tab)
}

function killBrowser(device: SimDevice, { journal }: FateHost): void {
  journal.fault('browser-killed')
  device.killAll()
}

function cutPower(device: SimDevice, { journal }: FateHost): void {
  journal.fault('power-cut')
  device.cutPower()
}

function freezeOrThaw(device: SimDevice, { journal, random }: FateHost, tab: Tab | undefined): void {
  if (tab === undefined) return
  if (!tab.context.isAlive) {
    device.freezeOrThaw(tab, 'thaw')
    return
  }
  journal.fault('tab-frozen')
  device.freezeOrThaw(tab, random.chance(0.5) ? 'freeze-warned' : 'freeze')
}

function thawAll(device: SimDevice): void {
  for (const tab of device.tabs) device.freezeOrThaw(tab, 'thaw')
}

function stealLock(device: SimDevice, { journal }: FateHost): void {
  if (device.locks.takeAway()) journal.note(`${device.name} loses its lock`)
}

function setClock(device: SimDevice, { random, journal, isClockSteady }: FateHost): void {
  if (isClockSteady) return
  const isYears = random.chance(0.3)
  journal.fault(isYears ? 'clock-years-off' : 'clock-jump')
  device.jumpClock(random.pick(isYears ? yearsMs : jumpsMs) ?? 0)
}

function lieAboutNetwork(device: SimDevice, { journal }: FateHost): void {
  journal.fault('online-hint-lies')
  device.isOnlineHint = !device.isOnlineHint
}

function expireSession(device: SimDevice, { journal }: FateHost): void {
  journal.fault('session-expired')
  device.cookie = null
}

/** Somebody else signs in, in this browser; the tabs of whoever was there stay open or go. */
function changePerson(device: SimDevice, { random, journal }: FateHost): void {
  const other = random.pick(device.people)
  if (other === undefined || other === device.cookie) return
  journal.fault('person-changed')
  device.cookie = other
  for (const tab of device.tabs) if (tab.session !== other && random.chance(0.5)) device.close(tab)
  openTab(device, random)
}

function signIn(device: SimDevice, { random }: FateHost): void {
  device.cookie ??= random.pick(device.people) ?? null
  for (const { outbox, context, session } of device.tabs) {
    if (session === device.cookie && context.isAlive) outbox?.authenticated()
  }
}

function hideOrShow(_device: SimDevice, { journal }: FateHost, tab: Tab | undefined): void {
  if (tab === undefined) return
  tab.context.isHidden = !tab.context.isHidden
  if (tab.context.isHidden) journal.fault('tab-hidden')
}

function closeTab(device: SimDevice, _host: FateHost, tab: Tab | undefined): void {
  if (tab !== undefined) device.close(tab)
}

/** The next tab gets another release of the app, later or earlier; open ones stay what they are. */
function changeRelease(device: SimDevice, { random, journal }: FateHost): void {
  const isUpgrade = device.release === 'first'
  journal.fault(isUpgrade ? 'app-upgraded' : 'app-downgraded')
  device.release = isUpgrade ? 'second' : 'first'
  // A worker of the next release takes over while the one before it is sending.
  const sender = isUpgrade ? device.tabs.find(({ context }) => device.isSending(context)) : undefined
  if (sender !== undefined) {
    journal.fault('app-updated-mid-drain')
    device.kill(sender)
  }
  if (random.chance(0.5)) device.killAll()
  openTab(device, random)
}

function flood(device: SimDevice, { journal }: FateHost): void {
  device.isFlooded = !device.isFlooded
  if (device.isFlooded) journal.fault('urgent-flood')
}

function takeBackup(device: SimDevice, { journal }: FateHost): void {
  journal.note(`${device.name} is backed up`)
  device.takeBackup()
}

function restoreBackup(device: SimDevice, { journal }: FateHost): void {
  if (device.restoreBackup()) journal.fault('backup-restored')
}

function cloneProfile(device: SimDevice, { journal, devices }: FateHost): void {
  const other = devices.find((one) => one !== device)
  if (other !== undefined && device.cloneTo(other)) journal.fault('profile-cloned')
}

function evict(device: SimDevice, { journal }: FateHost): void {
  journal.fault('storage-evicted')
  device.evict()
}
