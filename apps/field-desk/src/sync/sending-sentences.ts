/** What is said of sending as a whole. Pure. */
import type { SyncStatus } from '@holdfast/client'
import { sendingWords } from '../words/center-words.ts'
import { dueTime } from '../words/time.ts'
import { kindName } from './entry-name.ts'

/** The part of the status that it depends on. */
export type SendingStatus = Pick<SyncStatus, 'paused' | 'manual' | 'circuit' | 'nextAttemptAtMs' | 'warning'>

/** What there is to say of sending as a whole: what a person holds back first, then what the server does. */
export function sentencesOf(status: SendingStatus, nowMs: number): readonly string[] {
  const { paused, manual, circuit, nextAttemptAtMs, warning } = status
  const kinds = (list: readonly string[]) => list.map(kindName).join(', ')
  const sentences: string[] = []
  if (paused.isAll) sentences.push(sendingWords.pausedAll)
  else if (paused.types.length > 0) sentences.push(sendingWords.pausedSome(kinds(paused.types)))
  if (manual.isAll) sentences.push(sendingWords.manualAll)
  else if (manual.types.length > 0) sentences.push(sendingWords.manualSome(kinds(manual.types)))
  if (warning === 'overdue') sentences.push(sendingWords.overdue)
  if (circuit === 'open' && !paused.isAll) {
    sentences.push(sendingWords.stopped(nextAttemptAtMs === undefined ? undefined : dueTime(nextAttemptAtMs, nowMs)))
  }
  if (circuit === 'half-open' && !paused.isAll) sentences.push(sendingWords.trial)
  return sentences.length === 0 ? [sendingWords.automatic] : sentences
}
