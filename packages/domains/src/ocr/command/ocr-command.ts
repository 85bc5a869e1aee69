/**
 * `ocr FILE...`: reads pictures and PDFs of receipts and invoices and prints their text and fields.
 *
 * One bad file does not stop the others: it has an `error` in its place, and the exit code is 1. A call that cannot be
 * understood is 2, and nothing is read.
 */
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type OcrEngine, OcrError } from '../engine/ocr-engine.ts'
import { type EngineOptions, openOcrEngine } from '../engine/open-engine.ts'
import { pageLimits } from '../engine/page-limits.ts'
import { type Call, readCall, usage } from './call.ts'
import { describe, type FileReport, type FileResult, reportOf } from './report.ts'

/** What the command uses of the world. */
export type OcrCommandIo = {
  /** Writes a line of what was asked for. */
  readonly out: (line: string) => void
  /** Writes a line that a person should know besides. */
  readonly err: (line: string) => void
  /** Where paths begin. */
  readonly workingFolder: string
  /** Aborted when the process is told to end. */
  readonly stopping: AbortSignal
}

/** For tests: how an engine is opened, and the clock. */
export type OcrCommandOptions = {
  readonly open?: (options: EngineOptions) => Promise<OcrEngine>
  readonly now?: () => number
}

/** A command in the form that `holdfast` takes. */
export type OcrCommand = {
  readonly summary: string
  readonly usage: string
  readonly help: string
  readonly run: (argv: readonly string[], io: OcrCommandIo) => Promise<number>
}

/** The command. */
export function ocrCommand({ open = openOcrEngine, now = Date.now }: OcrCommandOptions = {}): OcrCommand {
  return {
    summary: 'Read receipts and invoices: text and fields of pictures and PDFs.',
    usage,
    help: help.join('\n'),
    run: async (argv, io) => {
      const call = readCall(argv)
      if ('problem' in call) {
        io.err(`${call.problem} Call it as: holdfast ocr ${usage}`)
        return 2
      }
      return readFiles(call, io, open, now)
    },
  }
}

const help = [
  'Prints for each FILE its text, the name of the merchant, the total ("12.50") and the date (ISO), and all fields with',
  'where they were read and how sure that is.',
  '',
  '  --json             one JSON object: { "FILE": { text, merchantName, total, date, fields, ms } }',
  '  --engine NAME      pp-ocrv4 or tesseract; without it, the first that loads',
  '  --type TYPE        receipt (as without it), invoice or handwritten',
  '  --timeout SECONDS  how long one file may take; 120 without it',
  '',
  'Exit code: 0 all were read, 1 one or more could not be read, 2 the call was not understood.',
]

async function readFiles(
  call: Call,
  io: OcrCommandIo,
  open: (options: EngineOptions) => Promise<OcrEngine>,
  now: () => number,
): Promise<number> {
  const engine = await opened(call, io, open)
  if (engine === undefined) return 1
  const reports = new Map<string, FileReport>()
  let hasFailed = false
  try {
    for (const file of call.files) {
      const startedAtMs = now()
      const result = await readOne(engine, file, call, io)
      const report = reportOf(result, Math.round(now() - startedAtMs))
      hasFailed = hasFailed || result.kind === 'failed'
      reports.set(file, report)
      if (result.kind === 'failed') io.err(`${file}: ${result.error.message}`)
      if (!call.isJson) for (const line of describe(file, report)) io.out(line)
    }
  } finally {
    await engine.close()
  }
  if (call.isJson) io.out(JSON.stringify(Object.fromEntries(reports), null, 2))
  return hasFailed ? 1 : 0
}

async function opened(
  { engine }: Call,
  io: OcrCommandIo,
  open: (options: EngineOptions) => Promise<OcrEngine>,
): Promise<OcrEngine | undefined> {
  try {
    return await open({
      ...(engine === undefined ? {} : { engine }),
      onFallback: (name, error) => {
        io.err(`${name} could not be used, the next engine takes its place: ${error.message}`)
      },
    })
  } catch (error) {
    if (!(error instanceof OcrError)) throw error
    io.err(error.message)
    return undefined
  }
}

async function readOne(engine: OcrEngine, file: string, call: Call, io: OcrCommandIo): Promise<FileResult> {
  const { jobType, timeoutMs } = call
  try {
    const bytes = await contentOf(resolve(io.workingFolder, file))
    const control = { signal: io.stopping, deadlineMs: timeoutMs }
    return { kind: 'read', recognition: await engine.recognize({ bytes, jobType, languages: [] }, control) }
  } catch (error) {
    if (error instanceof OcrError) return { kind: 'failed', error }
    // One file must not take the others with it, whatever broke.
    const cause = error instanceof Error ? error.message : String(error)
    return {
      kind: 'failed',
      error: new OcrError('engine-failed', `The file could not be read: ${cause}`, { cause: error }),
    }
  }
}

/** The bytes of a file. The size is looked at before: a film is not read into memory to be refused. */
async function contentOf(path: string): Promise<Uint8Array> {
  const about = await stat(path).catch((cause: unknown) => {
    throw new OcrError('unsupported', 'A file was expected, there is none at this path. Check the path.', { cause })
  })
  if (!about.isFile()) {
    throw new OcrError('unsupported', 'A file was expected, this is a folder or a device. Name the files in it.')
  }
  if (about.size > pageLimits.bytesMax) {
    throw new OcrError(
      'too-large',
      `At most ${String(pageLimits.bytesMax)} bytes are read, the file has ${String(about.size)}. Send a smaller picture.`,
    )
  }
  return readFile(path)
}
