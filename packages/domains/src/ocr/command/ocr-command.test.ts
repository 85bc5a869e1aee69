import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { type OcrEngine, OcrError } from '../engine/ocr-engine.ts'
import { readSheet, sheet } from '../extraction/sheet.fixture.ts'
import { readCall } from './call.ts'
import { ocrCommand } from './ocr-command.ts'
import { decimals } from './report.ts'

const samples = fileURLToPath(new URL('../samples/', import.meta.url))
const text = 'A Shop Ltd\nDate 23/08/2025\nBroom £6.49\nTotal £6.49'

/** An engine that knows one file by its bytes. */
async function engineFor(name: string): Promise<OcrEngine> {
  const known = await readFile(`${samples}${name}`)
  return {
    name: 'fake',
    close: async () => {},
    recognize: async ({ bytes }) => {
      if (!known.equals(bytes)) throw new OcrError('damaged', 'A whole picture was expected. Send it again.')
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
}

async function call(argv: readonly string[], open = async () => engineFor('till.png')) {
  const [out, err]: [string[], string[]] = [[], []]
  const io = {
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
    workingFolder: samples,
    stopping: new AbortController().signal,
  }
  const code = await ocrCommand({ open, now: () => 0 }).run(argv, io)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

it('prints text and fields by the path as it was given', async () => {
  const { code, out } = await call(['./till.png', '--json'])
  expect(code).toBe(0)
  const report: unknown = JSON.parse(out)
  expect(report).toMatchObject({
    './till.png': { text, merchantName: 'A Shop Ltd', total: '6.49', date: '2025-08-23', ms: 0, engine: 'fake/1' },
  })
  expect(report).toMatchObject({
    './till.png': { fields: { total: { value: '6.49', raw: '£6.49', page: 0, source: 'label' } } },
  })
})

it('prints lines for people', async () => {
  const { code, out } = await call(['till.png'])
  expect(code).toBe(0)
  expect(out).toContain('total: 6.49')
  expect(out).toContain('A Shop Ltd')
})

it('goes on behind a bad file, a missing one and a folder, and says so by its exit code', async () => {
  const { code, out, err } = await call(['cafe.png', 'missing.png', '.', 'till.png', '--json'])
  expect(code).toBe(1)
  expect(JSON.parse(out)).toMatchObject({
    'cafe.png': { error: { code: 'damaged' } },
    'missing.png': { error: { code: 'unsupported' } },
    '.': { error: { code: 'unsupported' } },
    'till.png': { total: '6.49' },
  })
  expect(err).toContain('missing.png: A file was expected')
})

it.each([
  [[], 'One file or more'],
  [['a.jpg', '--engine', 'magic'], 'magic came'],
  [['a.jpg', '--type', 'poem'], 'poem came'],
  [['a.jpg', '--timeout', 'soon'], 'soon came'],
  [['a.jpg', '--colour'], '--colour'],
])('does not read when the call is wrong: %s', async (argv, problem) => {
  const { code, out, err } = await call(argv)
  expect(code).toBe(2)
  expect(out).toBe('')
  expect(err).toContain(problem)
})

it('says in words when no engine loads', async () => {
  const { code, err } = await call(['till.png'], async () =>
    Promise.reject(new OcrError('engine-unavailable', 'Install it.')),
  )
  expect(code).toBe(1)
  expect(err).toBe('Install it.')
})

it('understands its options', () => {
  expect(readCall(['a', 'b', '--engine', 'tesseract', '--type', 'invoice', '--timeout', '5'])).toEqual({
    files: ['a', 'b'],
    engine: 'tesseract',
    jobType: 'invoice',
    timeoutMs: 5000,
    isJson: false,
  })
})

it.each([
  [{ minor: 5, currency: null }, '0.05'],
  [{ minor: 123_456, currency: 'EUR' }, '1234.56'],
  [{ minor: -250, currency: 'GBP' }, '-2.50'],
  [{ minor: 1200, currency: 'JPY' }, '1200'],
])('prints %o as %s', (money, printed) => {
  expect(decimals(money)).toBe(printed)
})
