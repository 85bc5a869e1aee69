/**
 * What is said of an entry: label, sentence and acts, from its state and the way to the server alone. This is the one
 * place that may say "On the server", and it says so only of an entry whose acknowledgement the outbox has validated
 * (promise I12).
 */
import type { EntryView, SyncStatus } from '@holdfast/client'
import { attemptsMaxOf, problemCodeOf, type Dead, type Failure, type Waiting } from '@holdfast/core'
import { moreActWords } from './center-words.ts'
import { actWords, entryWords, failureWords } from './words.ts'
import { clockTime, dueTime, waitedFor } from './time.ts'
import { retryOf } from '../operations.ts'

/** How an entry stands, for colour and icon; the word always stands beside it. */
export type Tone = 'saved' | 'sending' | 'waiting' | 'server' | 'needs-you' | 'discarded'

/** What people can do with an entry in its state; the safe one first. */
export type Act = 'try-now' | 'try-again' | 'edit' | 'go-on' | 'discard' | 'restore' | 'sign-in' | 'send-now' | 'update'

/** What is said of an entry. */
export interface EntryLabel {
  readonly tone: Tone
  readonly label: string
  readonly sentence: string
  readonly acts: readonly Act[]
}

/** What an entry's label depends on besides the entry. */
export interface LabelContext {
  readonly nowMs: number
  /** True when the entry is in the request that is on its way. */
  readonly isSending: boolean
  readonly connectivity: SyncStatus['connectivity']
  readonly authentication: SyncStatus['authentication']
  /** What a person has paused, and what is sent by hand only. Left out: nothing. */
  readonly paused?: SyncStatus['paused'] | undefined
  readonly manual?: SyncStatus['manual'] | undefined
  /** The number that the server gave, where it is known. */
  readonly number?: string | undefined
}

/** What an entry's label is made from. */
export type LabelledEntry = Pick<
  EntryView,
  'type' | 'state' | 'createdAtMs' | 'attempts' | 'settledAtMs' | 'isParked' | 'isSkipped' | 'isCancel' | 'canUndo'
>

/** Says what there is to say of an entry. */
export function labelOf(entry: LabelledEntry, context: LabelContext): EntryLabel {
  const { state, createdAtMs, type } = entry
  const { nowMs, isSending } = context
  const isUnsent = state.kind === 'queued' || state.kind === 'waiting'
  if (entry.isParked && isUnsent) return aged(parkedLabel, createdAtMs, nowMs)
  switch (state.kind) {
    case 'queued':
      if (isSending) return sendingLabel
      return aged(
        heldBackLabel(type, context) ?? label('saved', entryWords.saved, entryWords.goesOutNext),
        createdAtMs,
        nowMs,
      )
    case 'waiting':
      if (isSending) return sendingLabel
      return aged(heldBackLabel(type, context) ?? waitingLabel(state, type, nowMs), createdAtMs, nowMs)
    case 'conflicted':
      return passable(
        label('needs-you', entryWords.needsYou(entryWords.changedInTwoPlaces), entryWords.changedSince, ['discard']),
        entry,
      )
    case 'dead':
      return passable(deadLabel(entry, state, nowMs), entry)
    case 'applied': {
      const name = state.applied.conflictResolved === true ? entryWords.onServerJoined : entryWords.onServer
      const since = entry.settledAtMs ?? nowMs
      return label('server', name, entryWords.onServerSince(clockTime(since, nowMs), context.number))
    }
    case 'discarded': {
      const acts: readonly Act[] = entry.canUndo && state.cause === 'person' ? ['restore'] : []
      if (state.cause === 'superseded') return label('discarded', entryWords.replaced, '')
      const reason = state.reason === undefined || state.reason === '' ? '' : entryWords.discardReason(state.reason)
      const sentence = state.isCertain ? reason : `${entryWords.discardUncertain} ${reason}`.trim()
      return label('discarded', entryWords.discardedByYou(clockTime(entry.settledAtMs ?? nowMs, nowMs)), sentence, acts)
    }
  }
}

/** Why an attempt failed, in a sentence. */
export function failureSentence(failure: Failure): string {
  return failure.problem?.detail ?? failureWords[failure.cause]
}

/** The acts by name. */
export const actNames: Readonly<Record<Act, string>> = {
  'try-now': actWords.tryNow,
  'try-again': actWords.tryAgain,
  edit: moreActWords.edit,
  'go-on': moreActWords.goOn,
  discard: actWords.discard,
  restore: moreActWords.restore,
  'sign-in': actWords.signIn,
  'send-now': actWords.sendNow,
  update: actWords.update,
}

/** What is said of something that this device has no entry for, and that the server has listed. */
export const listedByServer: EntryLabel = { tone: 'server', label: entryWords.onServer, sentence: '', acts: [] }

const sendingLabel: EntryLabel = { tone: 'sending', label: entryWords.sending, sentence: '', acts: [] }

/** What only a newer release of the app can send: it is kept, and no button sends it. */
const parkedLabel: EntryLabel = {
  tone: 'saved',
  label: entryWords.needsNewVersion,
  sentence: entryWords.parkedHow,
  acts: ['update'],
}

/** It cannot go out by itself: then it promises no time of its own. The cause that a person must end comes first. */
function heldBackLabel(type: string, context: LabelContext): EntryLabel | undefined {
  const { connectivity, authentication, paused, manual } = context
  const saved = (sentence: string, acts: readonly Act[] = []) => label('saved', entryWords.saved, sentence, acts)
  if (holds(paused, type)) return saved(entryWords.goesOutResumed)
  if (connectivity === 'offline') return saved(entryWords.goesOutOnline)
  if (connectivity === 'captive') return saved(entryWords.goesOutCaptive)
  if (authentication === 'required') return saved(entryWords.goesOutSignedIn, ['sign-in'])
  if (authentication === 'other') return saved(entryWords.goesOutOtherPerson, ['sign-in'])
  if (connectivity === 'server-unreachable') return saved(entryWords.goesOutServer)
  if (holds(manual, type)) return saved(entryWords.goesOutByHand, ['send-now'])
  return undefined
}

function holds(switched: SyncStatus['paused'] | undefined, type: string): boolean {
  return switched !== undefined && (switched.isAll || switched.types.includes(type))
}

function waitingLabel(state: Waiting, type: string, nowMs: number): EntryLabel {
  const { attempts, failure, isAsked, notBeforeMs } = state
  const cause = isAsked ? entryWords.serverAsked(clockTime(notBeforeMs, nowMs)) : failureSentence(failure)
  const schedule = retryOf(type)
  const most = schedule === undefined ? 0 : attemptsMaxOf(schedule)
  const tries = attempts < most ? ` ${entryWords.tryOf(attempts + 1, most)}` : ''
  const name = entryWords.triesAgain(dueTime(notBeforeMs, nowMs))
  return label('waiting', name, cause + tries, isAsked ? ['discard'] : ['try-now', 'discard'])
}

/** What needs a person may be passed over: then what comes after it need not wait for that person. */
function passable(plain: EntryLabel, { isSkipped, isCancel }: LabelledEntry): EntryLabel {
  if (isSkipped) return { ...plain, sentence: `${plain.sentence} ${moreActWords.goesOnWithout}`.trim() }
  return isCancel ? plain : { ...plain, acts: [...plain.acts, 'go-on'] }
}

function deadLabel(entry: LabelledEntry, { reason, attempts }: Dead, nowMs: number): EntryLabel {
  const needsYou = (cause: string, sentence: string, acts: readonly Act[]) =>
    label('needs-you', entryWords.needsYou(cause), sentence, acts)
  // The news of a discard has nothing in it that could be changed.
  const acts: readonly Act[] = entry.isCancel ? ['try-again', 'discard'] : ['edit', 'try-again', 'discard']
  switch (reason.kind) {
    case 'attempts': {
      const lastAtMs = entry.attempts.at(-1)?.atMs
      const cause = lowerFirst(failureSentence(reason.failure))
      const sentence =
        lastAtMs === undefined
          ? failureSentence(reason.failure)
          : entryWords.lastAnswer(dayTime(lastAtMs, nowMs), cause)
      return needsYou(entryWords.triesFailed(attempts), sentence, ['try-again', 'discard'])
    }
    case 'too-large':
      return needsYou(
        entryWords.tooLarge,
        entryWords.tooLargeHow,
        acts.filter((act) => act !== 'try-again'),
      )
    case 'rejected':
    case 'refused': {
      const code = problemCodeOf(reason.problem)
      if (code === 'forbidden')
        return needsYou(entryWords.notAllowed, entryWords.notAllowedHow, ['try-again', 'discard'])
      if (code === 'unknown-type') {
        return label('needs-you', entryWords.needsNewVersion, entryWords.needsNewVersionHow, ['try-again', 'discard'])
      }
      const sentence = reason.problem.detail ?? entryWords.refusedPlainly
      return needsYou(entryWords.refused, sentence, acts)
    }
  }
}

const hourMs = 3_600_000

/** Adds how long an entry has been waiting, from a day up. */
function aged(plain: EntryLabel, createdAtMs: number, nowMs: number): EntryLabel {
  const ageMs = nowMs - createdAtMs
  if (ageMs < 24 * hourMs) return plain
  const span = waitedFor(ageMs)
  const hint =
    ageMs >= 30 * 24 * hourMs
      ? entryWords.waitingReview(span)
      : ageMs >= 72 * hourMs
        ? entryWords.waitingFirst(span)
        : entryWords.waitingFor(span)
  return { ...plain, sentence: `${plain.sentence} ${hint}`.trim() }
}

function label(tone: Tone, name: string, sentence: string, acts: readonly Act[] = []): EntryLabel {
  return { tone, label: name, sentence, acts }
}

function dayTime(atMs: number, nowMs: number): string {
  return `at ${clockTime(atMs, nowMs)}`
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
