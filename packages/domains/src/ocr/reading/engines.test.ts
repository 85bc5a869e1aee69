/** The real engines on receipts that were drawn for these tests. They need no network, and no font of the machine. */
import { readFile } from 'node:fs/promises'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OcrEngine, Recognition } from '../engine/ocr-engine.ts'
import { openOcrEngine } from '../engine/open-engine.ts'

const sample = async (name: string): Promise<Buffer> => readFile(new URL(`../samples/${name}`, import.meta.url))
// One core is enough, and a busy machine is no failure of the engine.
const control = { deadlineMs: 300_000 }
const threads = 1
const hangsAfterMs = 300_000

function fieldsOf({ document: { fields } }: Recognition): (string | number | undefined)[] {
  return [fields.merchantName?.value, fields.transactionDate?.value, fields.total?.value.minor]
}

describe('PP-OCRv4', { timeout: hangsAfterMs }, () => {
  let engine: OcrEngine
  beforeAll(async () => {
    engine = await openOcrEngine({ engine: 'pp-ocrv4', threads })
  })
  afterAll(async () => engine.close())

  it('reads a till receipt word by word', async () => {
    const read = await engine.recognize({ bytes: await sample('till.png'), jobType: 'receipt', languages: [] }, control)
    expect(fieldsOf(read)).toEqual(['GREEN VALLEY HARDWARE LTD', '2025-08-23', 1972])
    expect(read.pages[0]?.lines.map(({ text }) => text)).toContain('Paint brush 50mm 6.49')
    // The total stands in the lower half, across nearly the whole width.
    const [topLeft, topRight] = read.document.fields.total?.polygon ?? []
    expect(topLeft?.[1]).toBeGreaterThan(350)
    expect((topRight?.[0] ?? 0) - (topLeft?.[0] ?? 0)).toBeGreaterThan(400)
  })

  it('reads a dark photo that lies on its side, slanted, small in its frame', async () => {
    const receipt = await sharp(await sample('cafe.png'))
      .resize({ width: 420 })
      .rotate(4, { background: '#222' })
      .toBuffer()
    const photo = await sharp({ create: { width: 900, height: 800, channels: 3, background: '#222' } })
      .composite([{ input: receipt, left: 200, top: 60 }])
      .png()
      .toBuffer()
    const bytes = await sharp(photo).rotate(90).linear(0.35, 10).jpeg({ quality: 80 }).toBuffer()
    const read = await engine.recognize({ bytes, jobType: 'receipt', languages: [] }, control)
    expect(fieldsOf(read).slice(1)).toEqual(['2025-11-05', 1860])
    expect(read.document.fields.currency?.value).toBe('EUR')
  })

  it('finds no text on an empty page, and asks for review', async () => {
    const bytes = await sharp({ create: { width: 300, height: 300, channels: 3, background: 'white' } })
      .png()
      .toBuffer()
    const read = await engine.recognize({ bytes, jobType: 'receipt', languages: [] }, control)
    expect(read.pages[0]?.words).toEqual([])
    expect(read.needsReview).toBe(true)
  })
})

it('Tesseract reads the same receipt', { timeout: hangsAfterMs }, async () => {
  const engine = await openOcrEngine({ engine: 'tesseract' })
  const read = await engine.recognize({ bytes: await sample('till.png'), jobType: 'receipt', languages: [] }, control)
  await engine.close()
  expect(fieldsOf(read).slice(1)).toEqual(['2025-08-23', 1972])
})
