import { describe, expect, it } from 'vitest'
import sharp from 'sharp'
import { fileKind } from './file-kind.ts'
import { createLocalEngine } from './local-engine.ts'
import { type OcrEngine, OcrError, type OcrErrorCode, type Page, type RecognitionRequest } from './ocr-engine.ts'
import { openOcrEngine } from './open-engine.ts'
import { type PageLimits, pageLimits } from './page-limits.ts'
import type { PageReader } from './page-reader.ts'
import { openPages } from './pages.ts'

const encoder = new TextEncoder()

async function codeOf(work: () => Promise<unknown>): Promise<OcrErrorCode | 'none'> {
  try {
    await work()
    return 'none'
  } catch (error) {
    if (error instanceof OcrError) return error.code
    throw error
  }
}

async function sizesOf(bytes: Uint8Array, limits: Partial<PageLimits> = {}, mime?: string): Promise<string[]> {
  const sizes: string[] = []
  for await (const { picture, scale } of openPages(bytes, mime, { ...pageLimits, ...limits })) {
    expect(picture.data).toHaveLength(picture.width * picture.height * 3)
    sizes.push(`${String(picture.width)}×${String(picture.height)}@${scale.toFixed(2)}`)
  }
  return sizes
}

const blank = (width: number, height: number) => sharp({ create: { width, height, channels: 3, background: 'white' } })

/** A PDF with this many empty pages, and what else its trailer says. */
function pdf(pages: number, trailer = ''): Uint8Array {
  const kids = Array.from({ length: pages }, (_, index) => `${String(index + 3)} 0 R`).join(' ')
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids}] /Count ${String(pages)} >>`,
    ...Array.from({ length: pages }, () => '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 72 144] >>'),
  ]
  let text = '%PDF-1.4\n'
  const offsets = objects.map((object, index) => {
    const offset = text.length
    text += `${String(index + 1)} 0 obj\n${object}\nendobj\n`
    return offset
  })
  const start = text.length
  text += `xref\n0 ${String(objects.length + 1)}\n0000000000 65535 f \n`
  text += offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  text += `trailer\n<< /Size ${String(objects.length + 1)} /Root 1 0 R ${trailer} >>\nstartxref\n${String(start)}\n%%EOF\n`
  return encoder.encode(text)
}

/** A standard encryption dictionary whose keys fit no password. */
const encrypted = `/Encrypt << /Filter /Standard /V 1 /R 2 /O <${'41'.repeat(32)}> /U <${'42'.repeat(32)}> /P -4 >> /ID [<00> <00>]`

describe('a file', () => {
  it('is what its bytes say', async () => {
    expect(fileKind(await blank(8, 8).png().toBuffer())).toBe('png')
    expect(fileKind(await blank(8, 8).jpeg().toBuffer(), 'image/jpg')).toBe('jpeg')
    expect(fileKind(pdf(1), 'application/octet-stream')).toBe('pdf')
  })

  it('is opened as pixels, turned by its orientation, and made smaller when it is large', async () => {
    expect(await sizesOf(await blank(40, 20).withMetadata({ orientation: 6 }).jpeg().toBuffer())).toEqual([
      '20×40@1.00',
    ])
    expect(await sizesOf(await blank(400, 200).png().toBuffer(), { sideMax: 100 })).toEqual(['100×50@4.00'])
    expect(await sizesOf(await blank(40, 20).greyscale().png().toBuffer())).toEqual(['40×20@1.00'])
  })

  it('has the pages of a TIFF and of a PDF', async () => {
    const page = await blank(40, 20).png().toBuffer()
    const tiff = await sharp([page, page], { join: { animated: true } })
      .tiff()
      .toBuffer()
    expect(await sizesOf(tiff)).toEqual(['40×20@1.00', '40×20@1.00'])
    expect(await sizesOf(pdf(2))).toEqual(['200×400@1.00', '200×400@1.00'])
  })
})

describe('a hostile file is refused with a clear reason:', () => {
  const cases: [string, () => Promise<Uint8Array> | Uint8Array, OcrErrorCode, Partial<PageLimits>?][] = [
    ['no bytes', () => new Uint8Array(), 'empty'],
    ['text', () => encoder.encode('hello, this is no picture'), 'unsupported'],
    ['SVG', () => encoder.encode('<svg xmlns="http://www.w3.org/2000/svg"><text>12.50</text></svg>'), 'unsupported'],
    [
      'the head of a JPEG and rubbish',
      () => Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, ...Array<number>(500).fill(7)]),
      'damaged',
    ],
    [
      'a PNG that is cut off',
      async () => (await blank(300, 300).png({ compressionLevel: 0 }).toBuffer()).subarray(0, 20_000),
      'damaged',
    ],
    [
      'a JPEG that is cut off',
      async () =>
        (
          await sharp(Buffer.alloc(300 * 300 * 3, 'noise'), { raw: { width: 300, height: 300, channels: 3 } })
            .jpeg()
            .toBuffer()
        ).subarray(0, 2000),
      'damaged',
    ],
    ['60 megapixels in a few bytes', async () => blank(10_000, 6000).png().toBuffer(), 'too-large'],
    [
      'too many bytes',
      async () => blank(64, 64).png({ compressionLevel: 0 }).toBuffer(),
      'too-large',
      { bytesMax: 1000 },
    ],
    ['2,000 pages', () => pdf(2000), 'too-many-pages'],
    ['a PDF that is cut off', () => pdf(2).subarray(0, 60), 'damaged'],
    ['a PDF with a password', () => pdf(1, encrypted), 'encrypted'],
  ]
  it.each(cases)('%s', async (_, make, code, limits) => {
    const bytes = await make()
    expect(await codeOf(async () => sizesOf(bytes, limits))).toBe(code)
  })

  it('one kind under the name of another', async () => {
    const bytes = await blank(8, 8).png().toBuffer()
    expect(await codeOf(async () => sizesOf(bytes, {}, 'image/jpeg'))).toBe('unsupported')
  })

  it('and the errors about a file say that another try is in vain', () => {
    expect(new OcrError('damaged', 'x').isAboutTheFile).toBe(true)
    expect(new OcrError('timed-out', 'x').isAboutTheFile).toBe(false)
  })
})

const emptyPage: Page = { width: 8, height: 8, lines: [], words: [] }
const reader = (read: PageReader['read']): PageReader => ({ name: 'fake', version: '1', read, close: async () => {} })
const request = async (): Promise<RecognitionRequest> => ({
  bytes: await blank(8, 8).png().toBuffer(),
  jobType: 'receipt',
  languages: [],
})

describe('an engine on this machine', () => {
  it('counts pages, pixels, time and cost', async () => {
    let nowMs = 0
    const engine = createLocalEngine({
      reader: reader(async () => {
        nowMs += 2000
        return Promise.resolve(emptyPage)
      }),
      price: { microsPerSecond: 10, currency: 'EUR', priceListVersion: 'p7' },
      now: () => nowMs,
    })
    const { usage, cost, needsReview, engine: name } = await engine.recognize(await request(), { deadlineMs: 10_000 })
    expect(usage).toEqual({ pages: 1, pixels: 64, computeMs: 2000 })
    expect(cost).toEqual({ micros: 20, currency: 'EUR', priceListVersion: 'p7' })
    expect(needsReview).toBe(true)
    expect(name).toBe('fake/1')
  })

  it('stops at its deadline, and when it is told to', async () => {
    let nowMs = 0
    const slow = createLocalEngine({
      reader: reader(async (_, check) => {
        nowMs += 2000
        check()
        return Promise.resolve(emptyPage)
      }),
      now: () => nowMs,
    })
    const file = await request()
    expect(await codeOf(async () => slow.recognize(file, { deadlineMs: 1000 }))).toBe('timed-out')
    expect(await codeOf(async () => slow.recognize(file, { deadlineMs: 9000, signal: AbortSignal.abort() }))).toBe(
      'aborted',
    )
  })

  it('tells its own failure from a fault of the file', async () => {
    const broken = createLocalEngine({ reader: reader(async () => Promise.reject(new Error('wires'))) })
    const file = await request()
    expect(await codeOf(async () => broken.recognize(file, { deadlineMs: 1000 }))).toBe('engine-failed')
  })
})

describe('the choice of an engine', () => {
  const unavailable = async (): Promise<PageReader> => Promise.reject(new OcrError('engine-unavailable', 'no library'))
  const fine = async (): Promise<PageReader> => Promise.resolve(reader(async () => Promise.resolve(emptyPage)))
  const open = async (engine: OcrEngine): Promise<string> => Promise.resolve(engine.name)

  it('falls back to the next one when the first cannot load, and tells', async () => {
    const told: string[] = []
    const engine = await openOcrEngine({
      readers: { 'pp-ocrv4': unavailable, tesseract: fine },
      onFallback: (name, error) => told.push(`${name}: ${error.code}`),
    })
    expect(await open(engine)).toBe('fake')
    expect(told).toEqual(['pp-ocrv4: engine-unavailable'])
  })

  it('has no fallback for one that is named, and fails when none loads', async () => {
    const readers = { 'pp-ocrv4': unavailable, tesseract: fine }
    expect(await codeOf(async () => openOcrEngine({ engine: 'pp-ocrv4', readers }))).toBe('engine-unavailable')
    expect(await codeOf(async () => openOcrEngine({ readers: { ...readers, tesseract: unavailable } }))).toBe(
      'engine-unavailable',
    )
  })

  it('does not hide a bug behind a fallback', async () => {
    const readers = { 'pp-ocrv4': async () => Promise.reject(new TypeError('bug')), tesseract: fine }
    await expect(openOcrEngine({ readers })).rejects.toThrow('bug')
  })
})
