/** Cuts the text of a box out of a picture, upright and at the height that the recogniser reads. */
import type { Point, Polygon } from '../engine/ocr-engine.ts'
import type { Picture } from '../engine/picture.ts'
import type { Box } from './regions.ts'

/** The height of what the recogniser was trained on. */
export const stripHeight = 48

/** A line of text, {@link stripHeight} pixels high, three bytes for each pixel. */
export type Strip = { readonly width: number; readonly data: Uint8Array }

/** The corners of a box, clockwise from where its text begins. */
export function corners({ center: [x, y], length, thickness, angle }: Box): Polygon {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const at = (along: number, across: number): Point => [
    x + along * length * cos - across * thickness * sin,
    y + along * length * sin + across * thickness * cos,
  ]
  return [at(-0.5, -0.5), at(0.5, -0.5), at(0.5, 0.5), at(-0.5, 0.5)]
}

/** Cuts a box out; with `isUpsideDown` as if the picture was turned by half. */
export function cutStrip(picture: Picture, box: Box, isUpsideDown: boolean): Strip {
  const pixelsEach = box.thickness / stripHeight
  const width = Math.max(16, Math.round(box.length / pixelsEach))
  const data = new Uint8Array(width * stripHeight * 3)
  // Where the original is much finer, one sample would miss strokes: several are averaged.
  const samples = Math.max(1, Math.min(4, Math.round(pixelsEach)))
  const way = isUpsideDown ? -1 : 1
  const [cos, sin] = [Math.cos(box.angle) * way, Math.sin(box.angle) * way]
  const stepX = box.length / width
  const sum = new Float32Array(3)
  for (let row = 0; row < stripHeight; row++) {
    for (let column = 0; column < width; column++) {
      sum.fill(0)
      for (let sy = 0; sy < samples; sy++) {
        for (let sx = 0; sx < samples; sx++) {
          const along = (column + (sx + 0.5) / samples) * stepX - box.length / 2
          const across = (row + (sy + 0.5) / samples) * pixelsEach - box.thickness / 2
          addPixel(picture, box.center[0] + along * cos - across * sin, box.center[1] + along * sin + across * cos, sum)
        }
      }
      const to = (row * width + column) * 3
      for (let channel = 0; channel < 3; channel++) data[to + channel] = (sum[channel] ?? 0) / (samples * samples)
    }
  }
  return { width, data }
}

/** Adds what stands between four pixels, weighted by nearness; outside, the nearest pixel of the edge. */
function addPixel({ width, height, data }: Picture, x: number, y: number, sum: Float32Array): void {
  const cx = Math.min(Math.max(x - 0.5, 0), width - 1)
  const cy = Math.min(Math.max(y - 0.5, 0), height - 1)
  const [x0, y0] = [Math.floor(cx), Math.floor(cy)]
  const [fx, fy] = [cx - x0, cy - y0]
  const right = x0 + 1 < width ? 3 : 0
  const below = y0 + 1 < height ? width * 3 : 0
  const at = (y0 * width + x0) * 3
  for (let channel = 0; channel < 3; channel++) {
    const upper = (data[at + channel] ?? 0) * (1 - fx) + (data[at + right + channel] ?? 0) * fx
    const lower = (data[at + below + channel] ?? 0) * (1 - fx) + (data[at + below + right + channel] ?? 0) * fx
    sum[channel] = (sum[channel] ?? 0) + upper * (1 - fy) + lower * fy
  }
}
