/** Editing what has no form of its own: its content as JSON, for whoever knows what they do. */
import type { Json } from '@holdfast/core'
import { useState, type ReactElement } from 'react'
import { editWords } from '../words/center-words.ts'

/** What the text is about. */
export interface EditTextProps {
  readonly payload: Json | undefined
  readonly isOpen: boolean
  readonly isSaving: boolean
  readonly onResend: (payload: unknown) => void
}

/** Shows the text behind "Technical details". */
export function EditText({ payload, isOpen, isSaving, onResend }: EditTextProps): ReactElement {
  const [text, setText] = useState(() => JSON.stringify(payload ?? null, undefined, 2))
  const [isWrong, setWrong] = useState(false)
  const resend = () => {
    try {
      const read: unknown = JSON.parse(text)
      setWrong(false)
      onResend(read)
    } catch {
      setWrong(true)
    }
  }
  return (
    <details className="card technical" open={isOpen}>
      <summary>{editWords.technical}</summary>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          resend()
        }}
      >
        <p className="quiet">{editWords.technicalHow}</p>
        <label className="field">
          <span>{editWords.content}</span>
          <textarea
            rows={14}
            spellCheck={false}
            autoComplete="off"
            value={text}
            aria-invalid={isWrong}
            onChange={(event) => setText(event.target.value)}
            data-testid="edit-json"
          />
        </label>
        {isWrong && (
          <p className="fault" role="alert">
            {editWords.notJson}
          </p>
        )}
        <button type="submit" className="button" aria-disabled={isSaving} data-testid="resend-json">
          {editWords.resend}
        </button>
      </form>
    </details>
  )
}
