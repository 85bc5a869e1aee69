import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OcrEngine } from '../engine/ocr-engine.ts'
import { readSheet, sheet } from '../extraction/sheet.fixture.ts'
import { measure, summarize } from './measures.ts'
import { ocrScoreCommand } from './score-command.ts'

const truth = {
  company: 'A SHOP LTD',
  date: '23/08/2025',
  total: '6.49',
  lines: [{ text: 'A SHOP LTD' }, { text: 'TOTAL : 6.49' }, { text: 'TOTAL' }],
}
const right = { text: 'a shop, ltd total 6.49', merchantName: 'A Shop Ltd', total: '6.49', date: '2025-08-23' }

describe('a measure', () => {
  it('finds words without case and signs, each as often as it was read', () => {
    expect(measure(truth, right)).toEqual({
      words: 6,
      found: 5,
      isTotalRight: true,
      isDateRight: true,
      isMerchantRight: true,
    })
  })

  it('counts what was not read as wrong, and what nobody knows not at all', () => {
    const nothing = { text: '', merchantName: null, total: null, date: null }
    expect(measure(truth, nothing)).toEqual({
      words: 6,
      found: 0,
      isTotalRight: false,
      isDateRight: false,
      isMerchantRight: false,
    })
    expect(measure({ lines: [] }, right)).toMatchObject({ isTotalRight: undefined, isDateRight: undefined })
  })

  it('is exact to the cent and forgives a letter of a name', () => {
    expect(measure(truth, { ...right, total: '6.48' }).isTotalRight).toBe(false)
    expect(measure(truth, { ...right, merchantName: 'A SH0P LTD' }).isMerchantRight).toBe(true)
    expect(measure(truth, { ...right, merchantName: 'Another' }).isMerchantRight).toBe(false)
  })

  it('is summed up in percent', () => {
    expect(summarize([measure(truth, right), measure(truth, { ...right, total: '1.00', text: '' })])).toEqual({
      wordRecall: 41.7,
      total: 50,
      date: 100,
      merchant: 100,
    })
    expect(summarize([])).toEqual({ wordRecall: null, total: null, date: null, merchant: null })
  })
})

describe('the command', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'score-'))
    await writeFile(join(folder, 'a.png'), 'a')
    await writeFile(join(folder, 'truth.json'), JSON.stringify({ 'a.png': truth }))
  })
  afterEach(async () => rm(folder, { recursive: true }))

  const text = 'A Shop Ltd\nDate 23/08/2025\nTotal £6.49'
  const engine: OcrEngine = {
    name: 'fake',
    close: async () => {},
    recognize: async () => {
      const document = readSheet(text)
      return Promise.resolve({
        engine: 'fake/1',
        pages: [sheet(text)],
        document,
        usage: { pages: 1, pixels: 1, computeMs: 1 },
        cost: { micros: 1, currency: 'USD', priceListVersion: '1' },
        needsReview: document.needsReview,
      })
    },
  }
  const call = async (argv: readonly string[]) => {
    const out: string[] = []
    const io = {
      out: (line: string) => void out.push(line),
      err: () => {},
      workingFolder: folder,
      stopping: new AbortController().signal,
    }
    const code = await ocrScoreCommand({
      open: async () => Promise.resolve(engine),
      now: () => 0,
      peakBytes: () => 2 ** 20,
    }).run(argv, io)
    return { code, out }
  }

  it('prints a line for each engine, and the memory', async () => {
    const { code, out } = await call(['.'])
    expect(code).toBe(0)
    expect(out[0]).toBe(
      'pp-ocrv4: 1 files, words 83.3 %, total 100 %, date 100 %, merchant 100 %, 0.00 s a file (median), 0.00 s from start to the first result',
    )
    expect(out[1]).toMatch(/^tesseract: 1 files/)
    expect(out[2]).toBe('peak memory of all engines together: 1 MB')
  })

  it('takes one engine alone, and refuses a call that it does not understand', async () => {
    expect((await call(['.', '--engine', 'tesseract'])).out).toHaveLength(2)
    expect((await call([])).code).toBe(2)
    expect((await call(['.', '--engine', 'magic'])).code).toBe(2)
    expect((await call(['.', '--fast'])).code).toBe(2)
  })

  it('says what is wrong with the truth', async () => {
    await writeFile(join(folder, 'truth.json'), '{ "a.png": { "lines": 3 } }')
    await expect(call(['.'])).rejects.toThrow('an object of files with their lines was expected')
  })
})
