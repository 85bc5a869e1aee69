/** Which way is up: by where the lines point, and by which of two ways can be read with more certainty. */
import type { StripText } from './recognition.ts'
import type { Box } from './regions.ts'

/** Long boxes show a direction; a box about as thick as long shows none. */
function directed(boxes: readonly Box[]): Box[] {
  return boxes.filter(({ length, thickness }) => length > thickness * 1.8)
}

/** How many quarters clockwise a page must be turned so that its lines run across: 0 or 1. Pure. */
export function quartersToTurn(boxes: readonly Box[]): 0 | 1 {
  let [across, down] = [0, 0]
  for (const { length, angle } of directed(boxes)) {
    if (Math.abs(Math.sin(angle)) > Math.SQRT1_2) down += length
    else across += length
  }
  return down > across ? 1 : 0
}

/** The slant of a page: the middle of its boxes' angles, weighted by length, in radians. Pure. */
export function slantOf(boxes: readonly Box[]): number {
  const angles = directed(boxes).toSorted((a, b) => a.angle - b.angle)
  const half = angles.reduce((sum, { length }) => sum + length, 0) / 2
  let sum = 0
  for (const { angle, length } of angles) {
    sum += length
    if (sum >= half) return angle
  }
  return 0
}

/** How many boxes are read both ways. */
const sampleSize = 6

/** Reads some boxes both ways, and says whether the page stands on its head. */
export async function isUpsideDown(
  boxes: readonly Box[],
  read: (sample: readonly Box[], isDown: boolean) => Promise<readonly StripText[]>,
): Promise<boolean> {
  // Lines of a usual length: the longest may be rules, the shortest are specks.
  const sorted = directed(boxes).toSorted((a, b) => b.length - a.length)
  const every = Math.max(1, Math.floor(sorted.length / sampleSize))
  const sample = sorted.filter((_, index) => index % every === Math.floor(every / 2)).slice(0, sampleSize)
  if (sample.length === 0) return false
  return certainty(await read(sample, true)) > certainty(await read(sample, false)) + 0.05
}

function certainty(texts: readonly StripText[]): number {
  const all = texts.flatMap(({ characters }) => characters)
  return all.reduce((sum, { confidence }) => sum + confidence, 0) / Math.max(1, all.length)
}
