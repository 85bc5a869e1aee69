/** Where something is, in a word with its icon: the tint is never alone. */
import { ArrowUpFromLine, CircleCheck, Clock, HardDriveDownload, Trash2, TriangleAlert } from 'lucide-react'
import type { ReactElement } from 'react'
import type { EntryLabel, Tone } from '../words/entry-label.ts'

const icons = {
  saved: HardDriveDownload,
  sending: ArrowUpFromLine,
  waiting: Clock,
  server: CircleCheck,
  'needs-you': TriangleAlert,
  discarded: Trash2,
} as const satisfies Record<Tone, unknown>

/** Shows the label of an entry, and its sentence when there is one. */
export function StateBadge({ label: { tone, label, sentence } }: { readonly label: EntryLabel }): ReactElement {
  const Icon = icons[tone]
  return (
    <div className="state" data-tone={tone}>
      <span className="state-label" data-testid="state-label">
        <Icon aria-hidden size={16} />
        {label}
      </span>
      {sentence !== '' && <span className="state-sentence">{sentence}</span>}
    </div>
  )
}
