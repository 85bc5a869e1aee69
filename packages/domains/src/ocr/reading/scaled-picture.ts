/** Scales a picture with sharp, whose filters keep thin strokes. */
import { loadPackage } from '../engine/load-package.ts'
import type { Picture } from '../engine/picture.ts'

/** The picture in another size. */
export async function scaled(picture: Picture, width: number, height: number): Promise<Picture> {
  if (picture.width === width && picture.height === height) return picture
  const { default: sharp } = await loadPackage('sharp', () => import('sharp'))
  const data = await sharp(picture.data, { raw: { width: picture.width, height: picture.height, channels: 3 } })
    .resize({ width, height, fit: 'fill', kernel: 'cubic' })
    .raw()
    .toBuffer()
  return { width, height, data }
}
