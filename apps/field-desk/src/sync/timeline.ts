/** What has happened to an entry, in the words of people. */
import type { EntryView } from '@holdfast/client'
import { failureSentence } from '../words/entry-label.ts'
import { dueTime } from '../words/time.ts'
import { syncWords } from '../words/words.ts'

/** One thing that happened, or will. */
export interface TimelineStep {
  /** `undefined` for what is still to come. */
  readonly atMs: number | undefined
  readonly text: string
}

/** All steps of an entry, oldest first. Steps name only what the entry itself records. */
export function timelineOf(entry: EntryView, nowMs: number): readonly TimelineStep[] {
  const { state, settledAtMs } = entry
  const steps: TimelineStep[] = [{ atMs: entry.createdAtMs, text: syncWords.saved }]
  for (const { atMs, failure } of entry.attempts) {
    const text = failure === undefined ? syncWords.answered : syncWords.tried(inside(failureSentence(failure)))
    steps.push({ atMs, text })
  }
  if (state.kind === 'waiting') {
    steps.push({ atMs: undefined, text: syncWords.triesAgainAt(dueTime(state.notBeforeMs, nowMs)) })
  }
  if (state.kind === 'applied') steps.push({ atMs: settledAtMs, text: syncWords.arrived })
  if (state.kind === 'discarded' && state.cause === 'person')
    steps.push({ atMs: settledAtMs, text: syncWords.discardedStep })
  return steps
}

/** A sentence inside another one. */
function inside(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, '')
}
