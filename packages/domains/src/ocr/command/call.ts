/** What stands behind the command's name, taken apart. Pure. */
import { parseArgs } from 'node:util'
import type { JobType } from '../engine/ocr-engine.ts'
import { type EngineName, engineNames } from '../engine/open-engine.ts'

/** What stands behind the command's name, in short. */
export const usage = 'FILE... [--engine NAME] [--type TYPE] [--timeout SECONDS] [--json]'

/** A call that is understood. */
export type Call = {
  readonly files: readonly string[]
  readonly engine: EngineName | undefined
  readonly jobType: JobType
  readonly timeoutMs: number
  readonly isJson: boolean
}

const jobTypes = ['receipt', 'invoice', 'handwritten'] as const

/** Reads a call, or says what is wrong with it. */
export function readCall(argv: readonly string[]): Call | { readonly problem: string } {
  const parsed = parse(argv)
  if ('problem' in parsed) return parsed
  const { values, positionals } = parsed
  if (positionals.length === 0) return { problem: 'One file or more was expected, none came.' }
  const engine = engineNames.find((name) => name === values.engine)
  if (values.engine !== undefined && engine === undefined) {
    return { problem: `An engine was expected, one of ${engineNames.join(', ')}; ${values.engine} came.` }
  }
  const jobType = jobTypes.find((type) => type === (values.type ?? 'receipt'))
  if (jobType === undefined) {
    return { problem: `A type was expected, one of ${jobTypes.join(', ')}; ${values.type ?? ''} came.` }
  }
  const seconds = Number(values.timeout ?? '120')
  if (!(seconds >= 1 && seconds <= 3600)) {
    return { problem: `Seconds from 1 to 3600 were expected, ${values.timeout ?? ''} came.` }
  }
  return { files: positionals, engine, jobType, timeoutMs: seconds * 1000, isJson: values.json === true }
}

type Parsed = {
  readonly values: {
    readonly engine?: string | undefined
    readonly type?: string | undefined
    readonly timeout?: string | undefined
    readonly json?: boolean | undefined
  }
  readonly positionals: readonly string[]
}

function parse(argv: readonly string[]): Parsed | { readonly problem: string } {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        engine: { type: 'string' },
        type: { type: 'string' },
        timeout: { type: 'string' },
        json: { type: 'boolean' },
      },
    })
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'The options could not be read.' }
  }
}
