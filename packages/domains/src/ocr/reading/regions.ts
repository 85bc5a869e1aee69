/**
 * From the detector's map of "here is text" to slanted boxes around lines of text (the post-processing of DB, as it is
 * called where the model comes from): threshold, connected regions, their smallest rectangle, grown again because the
 * model was trained to mark the core of a line only. Pure.
 */
import type { Point } from '../engine/ocr-engine.ts'
import { convexHull, smallestRectangle } from './rectangle.ts'

/** A rectangle at an angle: `angle` in radians is where its long side points, down positive, in (-π/2, π/2]. */
export type Box = {
  readonly center: Point
  readonly length: number
  readonly thickness: number
  readonly angle: number
  readonly score: number
}

/** The map: how likely each pixel belongs to text. */
export type TextMap = { readonly width: number; readonly height: number; readonly data: Float32Array }

/** What counts as text. */
export type RegionRules = {
  /** Pixels above it belong to text. */
  readonly pixelMin: number
  /** Boxes are kept whose mean is above it. */
  readonly boxMin: number
  /** How much a box grows: its area over its perimeter, times this, on each side. */
  readonly growth: number
  /** Regions thinner than this are specks, in pixels of the map. */
  readonly thicknessMin: number
}

/** The values that the model was published with, and a little more growth: cut-off letters cost more than a margin. */
export const regionRules: RegionRules = { pixelMin: 0.3, boxMin: 0.55, growth: 2.1, thicknessMin: 3 }

/** Finds the boxes, in pixels of the map. */
export function findBoxes(map: TextMap, rules: RegionRules): Box[] {
  const { width, height, data } = map
  const seen = new Uint8Array(width * height)
  const stack = new Int32Array(width * height)
  const boxes: Box[] = []
  for (let start = 0; start < data.length; start++) {
    if (seen[start] === 1 || (data[start] ?? 0) <= rules.pixelMin) continue
    const region = flood(map, rules.pixelMin, start, seen, stack)
    const box = boxOf(region, rules)
    if (box !== undefined) boxes.push(box)
  }
  return boxes
}

/** A connected region: the ends of its rows, enough for its outline, and the mean of its pixels. */
type Region = { readonly edges: Point[]; readonly mean: number }

function flood(map: TextMap, min: number, start: number, seen: Uint8Array, stack: Int32Array): Region {
  const { width, height, data } = map
  const rows = new Map<number, [left: number, right: number]>()
  let depth = 0
  let count = 0
  let sum = 0
  stack[depth++] = start
  seen[start] = 1
  while (depth > 0) {
    const at = stack[--depth] ?? 0
    const x = at % width
    const y = (at - x) / width
    count++
    sum += data[at] ?? 0
    const row = rows.get(y)
    if (row === undefined) rows.set(y, [x, x])
    else if (x < row[0]) row[0] = x
    else if (x > row[1]) row[1] = x
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        const nx = x + dx
        const ny = y + dy
        if (nx < 0 || ny < 0 || nx >= width || ny >= height) continue
        const next = ny * width + nx
        if (seen[next] === 1 || (data[next] ?? 0) <= min) continue
        seen[next] = 1
        stack[depth++] = next
      }
    }
  }
  // A pixel is a square: its right and lower edges belong to it.
  const edges = [...rows].flatMap(([y, [left, right]]): Point[] => [
    [left, y],
    [right + 1, y],
    [left, y + 1],
    [right + 1, y + 1],
  ])
  return { edges, mean: sum / count }
}

function boxOf({ edges, mean }: Region, rules: RegionRules): Box | undefined {
  if (mean < rules.boxMin) return undefined
  const { center, width, height, angle } = smallestRectangle(convexHull(edges))
  if (Math.min(width, height) < rules.thicknessMin) return undefined
  const grow = ((width * height) / (2 * (width + height))) * rules.growth * 2
  const [w, h] = [width + grow, height + grow]
  const isAlong = w >= h
  return {
    center,
    length: isAlong ? w : h,
    thickness: isAlong ? h : w,
    angle: normalAngle(isAlong ? angle : angle + Math.PI / 2),
    score: mean,
  }
}

/** The same line pointed to from the left: in (-π/2, π/2]. */
function normalAngle(angle: number): number {
  let normal = angle
  while (normal > Math.PI / 2) normal -= Math.PI
  while (normal <= -Math.PI / 2) normal += Math.PI
  return normal
}
