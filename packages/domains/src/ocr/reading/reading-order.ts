/**
 * Puts words into lines, and lines into the order in which a person reads them. Words of one line stand at about the
 * same height once the page's slant is taken away; a receipt's name of a thing and its price are one line, however wide
 * the gap. Pure.
 */
import type { Line, Point, Polygon, Word } from '../engine/ocr-engine.ts'

/** Words that the engine found together: one piece of a line. */
export type Piece = { readonly words: readonly Word[]; readonly polygon: Polygon }

/** A piece with its place on the page as if the page was straight. */
type Placed = { readonly piece: Piece; readonly left: number; readonly middle: number; readonly height: number }

/** Makes lines from pieces; `slant` in radians is how much the page is turned. */
export function toLines(pieces: readonly Piece[], slant: number): Line[] {
  const placed = pieces.filter(({ words }) => words.length > 0).map((piece) => place(piece, slant))
  const rows: Placed[][] = []
  for (const next of placed.toSorted((a, b) => a.middle - b.middle)) {
    const row = rows.findLast((candidate) => belongs(candidate, next))
    if (row === undefined) rows.push([next])
    else row.push(next)
  }
  return rows
    .toSorted((a, b) => middleOf(a) - middleOf(b))
    .map((row) => toLine(row.toSorted((a, b) => a.left - b.left).map(({ piece }) => piece)))
}

function place(piece: Piece, slant: number): Placed {
  const [cos, sin] = [Math.cos(slant), Math.sin(slant)]
  const straight = piece.polygon.map(([x, y]): Point => [x * cos + y * sin, y * cos - x * sin])
  const xs = straight.map(([x]) => x)
  const ys = straight.map(([, y]) => y)
  const [a, , , d] = piece.polygon
  return {
    piece,
    left: Math.min(...xs),
    middle: (Math.min(...ys) + Math.max(...ys)) / 2,
    height: Math.hypot(a[0] - d[0], a[1] - d[1]),
  }
}

function middleOf(row: readonly Placed[]): number {
  return row.reduce((sum, { middle }) => sum + middle, 0) / row.length
}

/** A piece belongs to a row if the nearest one to its side stands within half of the smaller height. */
function belongs(row: readonly Placed[], next: Placed): boolean {
  let nearest: Placed | undefined
  for (const each of row) {
    if (nearest === undefined || Math.abs(each.left - next.left) < Math.abs(nearest.left - next.left)) nearest = each
  }
  if (nearest === undefined) return false
  const limit = Math.min(nearest.height, next.height) * 0.5
  return Math.abs(nearest.middle - next.middle) < limit && Math.abs(middleOf(row) - next.middle) < limit * 1.5
}

function toLine(pieces: readonly Piece[]): Line {
  const words = pieces.flatMap((piece) => piece.words)
  return {
    text: words.map(({ text }) => text).join(' '),
    confidence: words.reduce((sum, { confidence }) => sum + confidence, 0) / Math.max(1, words.length),
    polygon: around(pieces),
    words,
  }
}

/** From the left edge of the first piece to the right edge of the last. */
function around(pieces: readonly Piece[]): Polygon {
  const [first, last] = [pieces[0]?.polygon, pieces.at(-1)?.polygon]
  if (first === undefined || last === undefined)
    return [
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 0],
    ]
  return [first[0], last[1], last[2], first[3]]
}
