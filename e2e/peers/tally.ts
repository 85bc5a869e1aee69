/** Counting: what became of the writes that a peer had accepted. Pure. */
import type { Said } from './pages/sender.ts'

/** One write as the harness saw it. */
export interface Written {
  readonly id: string
  /** The tab that made it: order is only promised, and only asked, within one. */
  readonly writer: string
  readonly said: Said
}

/** What is left at the end. */
export interface Ending {
  /** Effects at the server, in their order. */
  readonly effects: readonly string[]
  readonly stored: readonly string[]
  readonly held: readonly string[]
  readonly told: readonly string[]
}

/** What it came to, in numbers of writes. */
export interface Tally {
  /** Writes that the peer called kept or sent. */
  readonly accepted: number
  /** Accepted writes that took effect, at least once. */
  readonly arrived: number
  /** Accepted, no effect, stored nowhere, and nobody was told. */
  readonly lost: number
  /** Effects beyond the first. */
  readonly doubled: number
  /** The fewest writes that would have to be moved to bring the first effects into the order of writing. */
  readonly reordered: number
  /** Accepted, no effect, still stored at the end, with no word to anybody. */
  readonly stuck: number
  /** Accepted, no effect, stored and shown to a person with a reason. */
  readonly held: number
  /** No effect and the app was handed an error, at the time of writing or later. */
  readonly told: number
}

/** Counts. */
export function tallyOf(written: readonly Written[], ending: Ending): Tally {
  const effects = new Set(ending.effects)
  const stored = new Set(ending.stored)
  const held = new Set(ending.held)
  const told = new Set(ending.told)
  const accepted = written.filter(({ said }) => said !== 'failed')
  const missing = accepted.filter(({ id }) => !effects.has(id))
  const isHeld = ({ id }: Written) => held.has(id)
  const isStored = ({ id }: Written) => stored.has(id)
  const isTold = ({ id }: Written) => told.has(id)
  const ours = ending.effects.filter((id) => written.some((write) => write.id === id))
  return {
    accepted: accepted.length,
    arrived: accepted.length - missing.length,
    lost: missing.filter((write) => !isStored(write) && !isHeld(write) && !isTold(write)).length,
    doubled: ours.length - new Set(ours).size,
    reordered: outOfTurn(written, ours),
    stuck: missing.filter((write) => isStored(write) && !isHeld(write) && !isTold(write)).length,
    held: missing.filter(isHeld).length,
    told:
      missing.filter((write) => isTold(write) && !isHeld(write)).length +
      written.filter(({ id, said }) => said === 'failed' && !effects.has(id)).length,
  }
}

/** Adds tallies up. */
export function sumOf(tallies: readonly Tally[]): Tally {
  const sum = (count: (tally: Tally) => number) => tallies.reduce((all, tally) => all + count(tally), 0)
  return {
    accepted: sum((one) => one.accepted),
    arrived: sum((one) => one.arrived),
    lost: sum((one) => one.lost),
    doubled: sum((one) => one.doubled),
    reordered: sum((one) => one.reordered),
    stuck: sum((one) => one.stuck),
    held: sum((one) => one.held),
    told: sum((one) => one.told),
  }
}

/** True when nothing was lost, doubled, out of order or stuck. */
export function isClean({ lost, doubled, reordered, stuck }: Tally): boolean {
  return lost + doubled + reordered + stuck === 0
}

function outOfTurn(written: readonly Written[], effects: readonly string[]): number {
  const firsts = [...new Set(effects)]
  const writers = [...new Set(written.map(({ writer }) => writer))]
  return writers.reduce((sum, writer) => {
    const turns = new Map(written.filter((write) => write.writer === writer).map(({ id }, turn) => [id, turn]))
    const seen = firsts.flatMap((id) => turns.get(id) ?? [])
    return sum + seen.length - longestRise(seen)
  }, 0)
}

/** The length of the longest rising subsequence. */
function longestRise(numbers: readonly number[]): number {
  const best: number[] = []
  for (const [index, number] of numbers.entries()) {
    const before = best.filter((_, earlier) => (numbers[earlier] ?? 0) < number)
    best[index] = 1 + Math.max(0, ...before)
  }
  return Math.max(0, ...best)
}
