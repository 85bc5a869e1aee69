/** The file of everything: made in the page, and given to the browser to save. */
import { useOutbox } from '@holdfast/react'
import { Download } from 'lucide-react'
import { useState, type ReactElement } from 'react'
import { exportWords } from '../words/center-words.ts'
import { allEntries } from './all-entries.ts'
import { csvFileOf, jsonFileOf } from './entry-file.ts'
import type { Labeller } from './use-label.ts'

/** Shows the card. */
export function ExportCard({ labelOf }: { readonly labelOf: Labeller }): ReactElement {
  const outbox = useOutbox()
  const [said, setSaid] = useState('')
  const save = async (kind: 'json' | 'csv') => {
    if (outbox === undefined) return
    try {
      const entries = await allEntries(outbox)
      const text =
        kind === 'json' ? jsonFileOf(entries, Date.now()) : csvFileOf(entries, (entry) => labelOf(entry).label)
      saveFile(text, kind)
      setSaid(exportWords.saved(entries.length))
    } catch {
      setSaid(exportWords.failed)
    }
  }
  return (
    <section className="card stack" aria-labelledby="export-heading">
      <h2 id="export-heading">{exportWords.title}</h2>
      <p>{exportWords.how}</p>
      <div className="acts">
        <button type="button" className="button" onClick={() => void save('json')} data-testid="export-json">
          <Download aria-hidden size={18} /> {exportWords.json}
        </button>
        <button type="button" className="button" onClick={() => void save('csv')} data-testid="export-csv">
          <Download aria-hidden size={18} /> {exportWords.csv}
        </button>
      </div>
      <p role="status">{said}</p>
    </section>
  )
}

function saveFile(text: string, kind: 'json' | 'csv'): void {
  const type = kind === 'json' ? 'application/json' : 'text/csv;charset=utf-8'
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = `field-desk-${new Date().toISOString().slice(0, 10)}.${kind}`
  link.click()
  // The browser reads it after the click: taken away at once, some save nothing.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
