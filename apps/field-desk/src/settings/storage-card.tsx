/** What is stored on this device, and asking the browser to keep it. */
import { readPersistence, readRoom, requestPersistence, type Persistence } from '@holdfast/client/device-storage'
import { ShieldCheck } from 'lucide-react'
import { useEffect, useState, type ReactElement } from 'react'
import { locale } from '../money.ts'
import { settingsWords } from '../words/words.ts'

/** What the browser has said about keeping the data; `asking` while it thinks. */
type Protection = Persistence | 'asked-and-not' | 'asking'

const messages: Readonly<Record<Protection, string>> = {
  not: settingsWords.storageMayGo,
  asking: settingsWords.storageMayGo,
  persisted: settingsWords.protected,
  'asked-and-not': settingsWords.protectRefused,
  unsupported: settingsWords.protectRefused,
  unknown: settingsWords.protectSilent,
}

/** Shows the card. */
export function StorageCard(): ReactElement {
  const [usedBytes, setUsed] = useState<number>()
  const [protection, setProtection] = useState<Protection>('not')
  useEffect(() => {
    let isGone = false
    void Promise.all([readRoom(), readPersistence()]).then(([room, persistence]) => {
      if (isGone) return
      setUsed(room?.usageBytes)
      if (persistence === 'persisted') setProtection(persistence)
    })
    return () => {
      isGone = true
    }
  }, [])
  const protect = async () => {
    setProtection('asking')
    const answer = await requestPersistence()
    setProtection(answer === 'not' ? 'asked-and-not' : answer)
  }
  return (
    <section className="card stack" aria-labelledby="storage-heading">
      <h2 id="storage-heading">{settingsWords.storage}</h2>
      <p>
        {usedBytes === undefined ? settingsWords.storageUnknown : settingsWords.storageUsed(formatBytes(usedBytes))}
      </p>
      <p role="status" data-testid="protection">
        {messages[protection]}
      </p>
      {protection !== 'persisted' && (
        <button type="button" className="button" onClick={() => void protect()} data-testid="protect">
          <ShieldCheck aria-hidden size={18} /> {settingsWords.protect}
        </button>
      )}
    </section>
  )
}

function formatBytes(bytes: number): string {
  const megabytes = bytes / 1_000_000
  const format = (value: number, unit: string) =>
    new Intl.NumberFormat(locale, { style: 'unit', unit, maximumFractionDigits: 1 }).format(value)
  return megabytes >= 1 ? format(megabytes, 'megabyte') : format(bytes / 1000, 'kilobyte')
}
