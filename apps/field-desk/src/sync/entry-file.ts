/**
 * The file of everything that is kept on this device: JSON for machines, CSV for tables. A cell that a table program
 * could take for a formula is marked as text, because what people wrote is never run.
 */
import type { EntryView } from '@holdfast/client'
import { exportWords } from '../words/center-words.ts'
import { entryName, kindName } from './entry-name.ts'

/** The version of the JSON file. */
const fileVersion = 1

/** The file as JSON. */
export function jsonFileOf(entries: readonly EntryView[], madeAtMs: number): string {
  return JSON.stringify({ format: 'field-desk-entries', version: fileVersion, madeAtMs, entries }, undefined, 2)
}

/** The file as CSV (RFC 4180), one line for each entry. `sayState` says where an entry is. */
export function csvFileOf(entries: readonly EntryView[], sayState: (entry: EntryView) => string): string {
  const { name, kind, state, made, settled, tries, content, identifier } = exportWords.columns
  const lines = entries.map((entry) => [
    entryName(entry),
    kindName(entry.type),
    sayState(entry),
    instant(entry.createdAtMs),
    instant(entry.settledAtMs),
    String(entry.attempts.length + entry.droppedAttempts),
    entry.payload === undefined ? '' : JSON.stringify(entry.payload),
    entry.id,
  ])
  return [[name, kind, state, made, settled, tries, content, identifier], ...lines]
    .map((cells) => `${cells.map(csvCell).join(',')}\r\n`)
    .join('')
}

/** One cell: quoted, and with an apostrophe before what a table program would run. */
export function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return `"${safe.replaceAll('"', '""')}"`
}

function instant(atMs: number | undefined): string {
  return atMs === undefined ? '' : new Date(atMs).toISOString()
}
