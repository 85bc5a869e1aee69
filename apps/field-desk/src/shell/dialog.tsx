/** A modal dialog on the browser's own `<dialog>`: Escape closes it, and focus returns to what opened it. */
import { useId, useLayoutEffect, useRef, type ReactElement, type ReactNode } from 'react'
import { useAnnouncing } from './announcing.tsx'

/** What a dialog is made of. */
export interface DialogProps {
  readonly title: string
  readonly children: ReactNode
  readonly onClose: () => void
}

/** Shows a dialog for as long as it is rendered. */
export function Dialog({ title, children, onClose }: DialogProps): ReactElement {
  const element = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  const { setHost } = useAnnouncing()
  useLayoutEffect(() => {
    const dialog = element.current
    if (dialog === null) return undefined
    dialog.showModal()
    setHost(dialog)
    return () => {
      setHost(undefined)
      // Closed before it is taken away: only closing gives the focus back.
      dialog.close()
    }
  }, [setHost])
  return (
    <dialog
      ref={element}
      className="dialog"
      aria-labelledby={titleId}
      onClose={(event) => {
        if (!event.currentTarget.open) onClose()
      }}
    >
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  )
}
