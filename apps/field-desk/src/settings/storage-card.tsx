/** What is stored on this device, and asking the browser to keep it. */
import { ShieldCheck } from 'lucide-react'
import { useEffect, useState, type ReactElement } from 'react'
import { locale } from '../money.ts'
import { settingsWords } from '../words/words.ts'

/** What the browser has said about keeping the data. */
type Protection = 'unknown' | 'asking' | 'protected' | 'refused' | 'silent'

/** How long the browser may take to answer, ms: one that asks the person may never answer at all. */
const answerWithinMs = 3000

const messages: Readonly<Record<Protection, string>> = {
  unknown: settingsWords.storageMayGo,
  asking: settingsWords.storageMayGo,
  protected: settingsWords.protected,
  refused: settingsWords.protectRefused,
  silent: settingsWords.protectSilent,
}

/** Shows the card. */
export function StorageCard(): ReactElement {
  const [usedBytes, setUsed] = useState<number>()
  const [protection, setProtection] = useState<Protection>('unknown')
  useEffect(() => {
    let isGone = false
    void readStorage().then(({ usage, isPersisted }) => {
      if (isGone) return
      setUsed(usage)
      if (isPersisted) setProtection('protected')
    })
    return () => {
      isGone = true
    }
  }, [])
  const protect = async () => {
    setProtection('asking')
    setProtection(await askToPersist())
  }
  return (
    <section className="card" aria-labelledby="storage-heading">
      <h2 id="storage-heading">{settingsWords.storage}</h2>
      <p>
        {usedBytes === undefined ? settingsWords.storageUnknown : settingsWords.storageUsed(formatBytes(usedBytes))}
      </p>
      <p role="status" data-testid="protection">
        {messages[protection]}
      </p>
      {protection !== 'protected' && (
        <button type="button" className="button" onClick={() => void protect()} data-testid="protect">
          <ShieldCheck aria-hidden size={18} /> {settingsWords.protect}
        </button>
      )}
    </section>
  )
}

async function readStorage(): Promise<{ usage: number | undefined; isPersisted: boolean }> {
  // Some browsers have no such thing in private windows, whatever the types say.
  if (!('storage' in navigator)) return { usage: undefined, isPersisted: false }
  const estimate = await navigator.storage.estimate().catch(() => undefined)
  const isPersisted = await navigator.storage.persisted().catch(() => false)
  return { usage: estimate?.usage, isPersisted }
}

async function askToPersist(): Promise<Protection> {
  if (!('storage' in navigator)) return 'refused'
  const silence = new Promise<Protection>((resolve) => {
    setTimeout(() => resolve('silent'), answerWithinMs)
  })
  const answer = navigator.storage.persist().then(
    (isPersisted): Protection => (isPersisted ? 'protected' : 'refused'),
    (): Protection => 'refused',
  )
  return Promise.race([answer, silence])
}

function formatBytes(bytes: number): string {
  const megabytes = bytes / 1_000_000
  const format = (value: number, unit: string) =>
    new Intl.NumberFormat(locale, { style: 'unit', unit, maximumFractionDigits: 1 }).format(value)
  return megabytes >= 1 ? format(megabytes, 'megabyte') : format(bytes / 1000, 'kilobyte')
}
