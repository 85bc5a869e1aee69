/** A structured log: one JSON object a line, for whatever collects lines. Entries carry no payloads (log.ts). */
import type { Log } from '../log.ts'

/** Makes a log that writes lines; `nowMs` dates them. */
export function jsonLog(writeLine: (line: string) => void, nowMs: () => number = Date.now): Log {
  return (entry) => {
    writeLine(JSON.stringify({ at: new Date(nowMs()).toISOString(), ...entry }))
  }
}
