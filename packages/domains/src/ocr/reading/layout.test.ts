import { describe, expect, it } from 'vitest'
import type { Polygon } from '../engine/ocr-engine.ts'
import { crop, type Picture, turn, turnBack } from '../engine/picture.ts'
import { isUpsideDown, quartersToTurn, slantOf } from './orientation.ts'
import { type Piece, toLines } from './reading-order.ts'
import type { Box } from './regions.ts'
import { corners, cutStrip, stripHeight } from './strip.ts'

function piece(text: string, x: number, y: number, slant = 0): Piece {
  const box: Box = { center: [x, y], length: 80, thickness: 20, angle: slant, score: 1 }
  const polygon: Polygon = corners(box)
  return { words: [{ text, confidence: 1, polygon }], polygon }
}

const box = (angle: number, length = 100): Box => ({ center: [50, 50], length, thickness: 20, angle, score: 1 })

describe('lines', () => {
  it('are read from left to right and from top to bottom, however wide the gap', () => {
    const lines = toLines(
      [piece('12.50', 500, 42), piece('Total', 60, 40), piece('Head', 200, 10), piece('Cash', 60, 70)],
      0,
    )
    expect(lines.map(({ text }) => text)).toEqual(['Head', 'Total 12.50', 'Cash'])
  })

  it('are found on a slanted page', () => {
    const slant = 0.1
    const on = (text: string, along: number, across: number): Piece =>
      piece(
        text,
        along * Math.cos(slant) - across * Math.sin(slant),
        along * Math.sin(slant) + across * Math.cos(slant),
        slant,
      )
    const lines = toLines([on('12.50', 600, 40), on('Total', 60, 40), on('Cash', 60, 70), on('20.00', 600, 70)], slant)
    expect(lines.map(({ text }) => text)).toEqual(['Total 12.50', 'Cash 20.00'])
  })
})

describe('the way up', () => {
  it('is across where most of the text runs across', () => {
    expect(quartersToTurn([box(0.02), box(0.01), box(Math.PI / 2)])).toBe(0)
    expect(quartersToTurn([box(Math.PI / 2), box(-Math.PI / 2 + 0.01), box(0)])).toBe(1)
  })

  it('is the one that is read with more certainty', async () => {
    const read = (sure: number, unsure: number) => async (_: readonly Box[], isDown: boolean) =>
      Promise.resolve([
        {
          steps: 1,
          characters: [{ text: 'a', confidence: isDown ? sure : unsure, from: 0, to: 0, spaceAfter: 0, others: [] }],
        },
      ])
    expect(await isUpsideDown([box(0)], read(0.9, 0.5))).toBe(true)
    expect(await isUpsideDown([box(0)], read(0.5, 0.9))).toBe(false)
    expect(await isUpsideDown([], read(0.9, 0.5))).toBe(false)
  })

  it('has the slant of the middle of its lines', () => {
    expect(slantOf([box(0.1), box(0.11), box(0.09), box(1.2, 40)])).toBeCloseTo(0.1, 1)
    expect(slantOf([])).toBe(0)
  })
})

describe('a picture', () => {
  const picture: Picture = { width: 2, height: 3, data: Uint8Array.from({ length: 18 }, (_, index) => index) }

  it.each([0, 1, 2, 3])('that was turned by %s quarters and back is the same', (quarters) => {
    expect(turn(turn(picture, quarters), 4 - quarters)).toEqual(picture)
  })

  it('gives points of the turned one their place before', () => {
    // The corner at the top left comes to the top right by a quarter.
    expect(turnBack([3, 0], 1, picture)).toEqual([0, 0])
    expect(turnBack([0, 0], 2, picture)).toEqual([2, 3])
    expect(turnBack([0, 2], 3, picture)).toEqual([0, 0])
  })

  it('can be cropped', () => {
    expect(crop(picture, 1, 1, 1, 2)).toEqual({ width: 1, height: 2, data: Uint8Array.from([9, 10, 11, 15, 16, 17]) })
  })

  it('is cut along the angle of a box', () => {
    const size = 100
    const data = new Uint8Array(size * size * 3).fill(255)
    // A dark bar from the top to the bottom, a little wider than the box.
    for (let y = 0; y < size; y++) data.fill(0, (y * size + 38) * 3, (y * size + 62) * 3)
    const upright: Box = { center: [50, 50], length: 80, thickness: 20, angle: Math.PI / 2, score: 1 }
    const strip = cutStrip({ width: size, height: size, data }, upright, false)
    expect(strip.width).toBe(Math.round(80 / (20 / stripHeight)))
    expect(strip.data.every((value) => value < 40)).toBe(true)
  })
})
