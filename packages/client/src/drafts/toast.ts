/** A short message over a page, for apps without a framework. Only ever text: what a server or a person wrote is never markup. */
import { browserClock } from '../environment-browser.ts'

/** How a message is shown. */
export interface ToastOptions {
  /** An error stays until somebody has closed it. */
  readonly isError?: boolean
  /** How long anything else stays, ms. Default 5 s. */
  readonly stayMs?: number
}

/** The class of a message, for the app's own styles. */
export const toastClass = 'sync-toast'

/** Shows a message; the one before it goes. Returns a function that takes it away. */
export function showToast(text: string, { isError = false, stayMs = 5000 }: ToastOptions = {}): () => void {
  for (const before of document.querySelectorAll(`.${toastClass}`)) before.remove()
  const toast = document.createElement('div')
  toast.className = toastClass
  toast.setAttribute('role', isError ? 'alert' : 'status')
  toast.append(text)
  const close = (): void => {
    cancel()
    toast.remove()
  }
  const cancel = isError ? () => {} : browserClock.timer(stayMs, close)
  if (isError) {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = 'Close'
    button.addEventListener('click', close)
    toast.append(' ', button)
  }
  document.body.append(toast)
  return close
}
