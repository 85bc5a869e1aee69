import { expect, it } from 'vitest'
import { convexHull, smallestRectangle } from './rectangle.ts'
import { findBoxes, regionRules, type TextMap } from './regions.ts'

function mapOf(width: number, height: number, isText: (x: number, y: number) => boolean, likely = 0.9): TextMap {
  const data = new Float32Array(width * height)
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data[y * width + x] = isText(x, y) ? likely : 0
  return { width, height, data }
}

it('finds a straight line of text and grows it on all sides', () => {
  const [box, ...others] = findBoxes(
    mapOf(200, 60, (x, y) => x >= 20 && x < 120 && y >= 20 && y < 30),
    regionRules,
  )
  expect(others).toEqual([])
  // 100 × 10 grows by area / perimeter × 2.1 on each side: 9.5.
  expect(box?.center).toEqual([70, 25])
  expect(box?.angle).toBeCloseTo(0, 5)
  expect(box?.length).toBeCloseTo(119.1, 0)
  expect(box?.thickness).toBeCloseTo(29.1, 0)
})

it('finds the angle of a slanted line', () => {
  const angle = 0.2
  const isText = (x: number, y: number): boolean => {
    const [dx, dy] = [x - 100, y - 60]
    return (
      Math.abs(dx * Math.cos(angle) + dy * Math.sin(angle)) < 60 &&
      Math.abs(dy * Math.cos(angle) - dx * Math.sin(angle)) < 6
    )
  }
  expect(findBoxes(mapOf(200, 120, isText), regionRules)[0]?.angle).toBeCloseTo(angle, 1)
})

it('keeps two lines apart, and leaves specks and doubtful regions out', () => {
  const two = mapOf(100, 80, (x, y) => x >= 10 && x < 90 && ((y >= 10 && y < 20) || (y >= 40 && y < 50)))
  expect(findBoxes(two, regionRules)).toHaveLength(2)
  expect(
    findBoxes(
      mapOf(100, 80, (x, y) => x < 2 && y < 2),
      regionRules,
    ),
  ).toEqual([])
  expect(
    findBoxes(
      mapOf(100, 80, (x, y) => x < 50 && y < 10, 0.4),
      regionRules,
    ),
  ).toEqual([])
})

it('puts the smallest rectangle around points', () => {
  const hull = convexHull([
    [0, 0],
    [4, 0],
    [4, 2],
    [0, 2],
    [2, 1],
    [1, 1],
  ])
  expect(hull).toHaveLength(4)
  const { width, height, center } = smallestRectangle(hull)
  expect([width, height].toSorted((a, b) => a - b)).toEqual([2, 4])
  expect(center[0]).toBeCloseTo(2)
  expect(center[1]).toBeCloseTo(1)
})

it('survives no points and one point', () => {
  expect(smallestRectangle(convexHull([])).width).toBe(0)
  expect(smallestRectangle(convexHull([[1, 1]])).width).toBe(0)
})
