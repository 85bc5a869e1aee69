/** Makes dark and uneven photos readable, and leaves good scans as they are. */
import { loadPackage } from '../engine/load-package.ts'
import type { Picture } from '../engine/picture.ts'

/** Paper darker than this was photographed in low light. */
const paperMin = 150
/** Ink and paper nearer to one another than this are pale. */
const rangeMin = 90

/** Stretches the greys of a dark or pale picture over the whole range. */
export async function evenLight(picture: Picture): Promise<Picture> {
  const { low, high } = greyRange(picture)
  if (high >= paperMin && high - low >= rangeMin) return picture
  const { default: sharp } = await loadPackage('sharp', () => import('sharp'))
  const { data } = await sharp(picture.data, { raw: { width: picture.width, height: picture.height, channels: 3 } })
    .normalise({ lower: 1, upper: 99 })
    .raw()
    .toBuffer({ resolveWithObject: true })
  return data.length === picture.data.length ? { ...picture, data } : picture
}

/** The grey below which 1 in 500 pixels lie (ink: a small receipt on a large sheet has little), and above which 1 in 10 (paper). */
function greyRange({ data }: Picture): { low: number; high: number } {
  const counts = new Uint32Array(256)
  // Every 16th pixel tells as much as all of them.
  let sampled = 0
  for (let at = 0; at + 2 < data.length; at += 48) {
    const grey = ((data[at] ?? 0) * 77 + (data[at + 1] ?? 0) * 151 + (data[at + 2] ?? 0) * 28) >> 8
    counts[grey] = (counts[grey] ?? 0) + 1
    sampled++
  }
  const at = (share: number): number => {
    let sum = 0
    for (let grey = 0; grey < 256; grey++) {
      sum += counts[grey] ?? 0
      if (sum >= sampled * share) return grey
    }
    return 255
  }
  return { low: at(0.002), high: at(0.9) }
}
