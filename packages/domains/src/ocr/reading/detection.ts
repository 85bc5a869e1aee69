/**
 * Finds the lines of text of a picture with the detector network.
 *
 * The network finds letters of a certain height. A first look at a small copy shows where text stands and how high it
 * is; a second one looks at that part alone, at the scale that brings its letters to that height. A receipt that is
 * small in its photo is read like one that fills it.
 */
import { crop, type Picture } from '../engine/picture.ts'
import type { Network } from './models.ts'
import { type Box, findBoxes, regionRules } from './regions.ts'
import { scaled } from './scaled-picture.ts'

/** The longest side at the first look. */
const firstSideMax = 1280
/** How thick a box of the usual text should be for the network: letters of about 16 pixels, and the margin around. */
const thicknessAim = 34
/** A page is never made more than this much larger: what is not there cannot be seen. */
const enlargeMax = 2.5
/** Bounds the memory and the time of the second look. */
const pixelsMax = 3_200_000
/** The second look is spared when the first had nearly the right scale. */
const closeEnough = 1.2

/** The means and spreads of red, green and blue that the network was trained with. */
const means = [0.485, 0.456, 0.406]
const spreads = [0.229, 0.224, 0.225]

/** Finds the boxes, in pixels of the picture. `check` is asked between the looks and may throw. */
export async function detectBoxes(picture: Picture, detector: Network, check: () => void): Promise<Box[]> {
  const firstScale = Math.min(enlargeMax, firstSideMax / Math.max(picture.width, picture.height))
  const first = await look(picture, detector, firstScale)
  if (first.length === 0) return first
  check()
  const { left, top, right, bottom } = extent(picture, first)
  const [width, height] = [right - left, bottom - top]
  const scale = Math.min(enlargeMax, thicknessAim / usualThickness(first), Math.sqrt(pixelsMax / (width * height)))
  if (scale < firstScale * closeEnough) return first
  const boxes = await look(crop(picture, left, top, width, height), detector, scale)
  return boxes.map((box) => ({ ...box, center: [box.center[0] + left, box.center[1] + top] }))
}

async function look(picture: Picture, detector: Network, scale: number): Promise<Box[]> {
  // The network wants multiples of 32.
  const fit = (side: number): number => Math.max(32, Math.round((side * scale) / 32) * 32)
  const [width, height] = [fit(picture.width), fit(picture.height)]
  const { data } = await scaled(picture, width, height)
  const input = new Float32Array(3 * width * height)
  for (let channel = 0; channel < 3; channel++) {
    const [mean = 0, spread = 1] = [means[channel], spreads[channel]]
    const offset = channel * width * height
    for (let at = 0; at < width * height; at++)
      input[offset + at] = ((data[at * 3 + channel] ?? 0) / 255 - mean) / spread
  }
  const output = await detector.run({ data: input, shape: [1, 3, height, width] })
  const [toX, toY] = [picture.width / width, picture.height / height]
  return findBoxes({ width, height, data: output.data }, regionRules).map((box) => stretched(box, toX, toY))
}

/** Rounding to multiples of 32 has stretched the page a little, so lengths follow the direction they point to. */
function stretched(box: Box, toX: number, toY: number): Box {
  const [cos, sin] = [Math.cos(box.angle), Math.sin(box.angle)]
  return {
    ...box,
    center: [box.center[0] * toX, box.center[1] * toY],
    length: box.length * Math.hypot(cos * toX, sin * toY),
    thickness: box.thickness * Math.hypot(sin * toX, cos * toY),
    angle: Math.atan2(sin * toY, cos * toX),
  }
}

/** The thickness of a line of the page's usual text: a quarter of the lines are thinner. */
function usualThickness(boxes: readonly Box[]): number {
  const sorted = boxes.map(({ thickness }) => thickness).toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 4)] ?? thicknessAim
}

/** The part of the page that the boxes cover, with a margin. */
function extent(
  { width, height }: Picture,
  boxes: readonly Box[],
): { left: number; top: number; right: number; bottom: number } {
  const margin = 2 * usualThickness(boxes)
  let [left, top, right, bottom] = [width, height, 0, 0]
  for (const { center, length, thickness, angle } of boxes) {
    const [cos, sin] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))]
    const [dx, dy] = [(length * cos + thickness * sin) / 2, (length * sin + thickness * cos) / 2]
    left = Math.min(left, center[0] - dx)
    right = Math.max(right, center[0] + dx)
    top = Math.min(top, center[1] - dy)
    bottom = Math.max(bottom, center[1] + dy)
  }
  return {
    left: Math.max(0, Math.floor(left - margin)),
    top: Math.max(0, Math.floor(top - margin)),
    right: Math.min(width, Math.ceil(right + margin)),
    bottom: Math.min(height, Math.ceil(bottom + margin)),
  }
}
