/**
 * `ocr-score FOLDER`: reads every picture that `truth.json` in the folder names and says how much was right, per engine.
 * The engines take turns file by file, so that a busy machine is equally unfair to all of them.
 */
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import * as v from 'valibot'
import type { OcrCommand, OcrCommandIo } from '../command/ocr-command.ts'
import type { OcrEngine } from '../engine/ocr-engine.ts'
import { type EngineName, engineNames, type EngineOptions, openOcrEngine } from '../engine/open-engine.ts'
import { reportOf } from '../command/report.ts'
import { type Measure, measure, summarize, type Truth } from './measures.ts'

const truthSchema = v.record(
  v.string(),
  v.object({
    company: v.exactOptional(v.string()),
    date: v.exactOptional(v.string()),
    total: v.exactOptional(v.string()),
    lines: v.array(v.object({ text: v.string() })),
  }),
)

/** For tests: how an engine is opened, the clock, and the memory at its peak. */
export type ScoreCommandOptions = {
  readonly open?: (options: EngineOptions) => Promise<OcrEngine>
  readonly now?: () => number
  readonly peakBytes?: () => number
}

const usage = 'FOLDER [--engine NAME]'

/** The command. */
export function ocrScoreCommand({
  open = openOcrEngine,
  now = Date.now,
  peakBytes = () => process.resourceUsage().maxRSS * 1024,
}: ScoreCommandOptions = {}): OcrCommand {
  return {
    summary: 'Measure the engines on pictures whose text is known.',
    usage,
    help: 'FOLDER holds pictures and truth.json: { "FILE": { company, date, total, lines: [{ text }] } }.',
    run: async (argv, io) => {
      const [folder, flag, name, ...more] = argv
      const engine = engineNames.find((each) => each === name)
      if (
        folder === undefined ||
        folder.startsWith('-') ||
        more.length > 0 ||
        (flag !== undefined && (flag !== '--engine' || engine === undefined))
      ) {
        io.err(
          `One folder was expected, and at most --engine with ${engineNames.join(' or ')}. Call it as: holdfast ocr-score ${usage}`,
        )
        return 2
      }
      const truths = await readTruths(resolve(io.workingFolder, folder))
      const runs = await openAll(engine === undefined ? engineNames : [engine], open, now)
      for (const [file, truth] of Object.entries(truths)) {
        const bytes = await readFile(resolve(io.workingFolder, folder, file))
        for (const run of runs) await readOne(run, file, bytes, truth, io, now)
      }
      for (const run of runs) {
        io.out(lineOf(run))
        await run.engine.close()
      }
      io.out(`peak memory of all engines together: ${String(Math.round(peakBytes() / 2 ** 20))} MB`)
      return 0
    },
  }
}

type Run = {
  readonly name: EngineName
  readonly engine: OcrEngine
  readonly openMs: number
  readonly measures: Measure[]
  readonly timesMs: number[]
}

async function readTruths(folder: string): Promise<Readonly<Record<string, Truth>>> {
  const path = join(folder, 'truth.json')
  const parsed = v.safeParse(truthSchema, JSON.parse(await readFile(path, 'utf8')))
  if (!parsed.success)
    throw new Error(`${path}: an object of files with their lines was expected; ${parsed.issues[0].message}`)
  return parsed.output
}

async function openAll(
  names: readonly EngineName[],
  open: NonNullable<ScoreCommandOptions['open']>,
  now: () => number,
): Promise<Run[]> {
  const runs: Run[] = []
  for (const name of names) {
    const startedAtMs = now()
    const engine = await open({ engine: name })
    runs.push({ name, engine, openMs: now() - startedAtMs, measures: [], timesMs: [] })
  }
  return runs
}

async function readOne(
  run: Run,
  file: string,
  bytes: Uint8Array,
  truth: Truth,
  io: OcrCommandIo,
  now: () => number,
): Promise<void> {
  const startedAtMs = now()
  const control = { signal: io.stopping, deadlineMs: 600_000 }
  const recognition = await run.engine.recognize({ bytes, jobType: 'receipt', languages: [] }, control)
  run.timesMs.push(now() - startedAtMs)
  const report = reportOf({ kind: 'read', recognition }, 0)
  if ('error' in report) return
  const measured = measure(truth, report)
  run.measures.push(measured)
  const wrong = [
    measured.isTotalRight === false ? `total ${report.total ?? 'none'}, not ${truth.total ?? ''}` : '',
    measured.isDateRight === false ? `date ${report.date ?? 'none'}, not ${truth.date ?? ''}` : '',
    measured.isMerchantRight === false ? `merchant ${report.merchantName ?? 'none'}, not ${truth.company ?? ''}` : '',
  ].filter((each) => each !== '')
  io.err(`${run.name} ${file}: ${String(measured.found)} of ${String(measured.words)} words ${wrong.join('; ')}`)
}

function lineOf({ name, measures, timesMs, openMs }: Run): string {
  const { wordRecall, total, date, merchant } = summarize(measures)
  const sorted = timesMs.toSorted((a, b) => a - b)
  const seconds = (ms: number): string => (ms / 1000).toFixed(2)
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0
  const show = (value: number | null): string => (value === null ? '–' : `${String(value)} %`)
  return (
    `${name}: ${String(measures.length)} files, words ${show(wordRecall)}, total ${show(total)}, date ${show(date)}, merchant ${show(merchant)}, ` +
    `${seconds(median)} s a file (median), ${seconds(openMs + (timesMs[0] ?? 0))} s from start to the first result`
  )
}
