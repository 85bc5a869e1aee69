/** A decoded page: pixels in rows from the top, red, green and blue for each. */

/** Pixels in memory; `data` has three bytes for each. */
export type Picture = { readonly width: number; readonly height: number; readonly data: Uint8Array }

/** The part of a picture that begins at `left` and `top`; it lies within the picture. */
export function crop(picture: Picture, left: number, top: number, width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 3)
  for (let row = 0; row < height; row++) {
    const from = ((top + row) * picture.width + left) * 3
    data.set(picture.data.subarray(from, from + width * 3), row * width * 3)
  }
  return { width, height, data }
}

/** Turns a picture clockwise by quarters. */
export function turn(picture: Picture, quarters: number): Picture {
  const turns = ((quarters % 4) + 4) % 4
  if (turns === 0) return picture
  const { width, height, data } = picture
  const isSideways = turns % 2 === 1
  const to = { width: isSideways ? height : width, height: isSideways ? width : height }
  const turned = new Uint8Array(data.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [tx, ty] =
        turns === 1 ? [height - 1 - y, x] : turns === 2 ? [width - 1 - x, height - 1 - y] : [y, width - 1 - x]
      const from = (y * width + x) * 3
      turned.set(data.subarray(from, from + 3), (ty * to.width + tx) * 3)
    }
  }
  return { ...to, data: turned }
}

/** Where a point of a picture that was turned by {@link turn} stands in the picture before. */
export function turnBack(
  [x, y]: readonly [number, number],
  quarters: number,
  before: { readonly width: number; readonly height: number },
): readonly [number, number] {
  const turns = ((quarters % 4) + 4) % 4
  if (turns === 1) return [y, before.height - x]
  if (turns === 2) return [before.width - x, before.height - y]
  if (turns === 3) return [before.width - y, x]
  return [x, y]
}
