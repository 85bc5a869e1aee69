/**
 * Comparisons: who is measured against whom, and what is to be reached. Each session is one browser with a profile of
 * its own; the sessions of a comparison take turns, round by round.
 */
import type { Page } from '@playwright/test'
import type { Measurement } from './page/measurement.ts'

/** What is measured of a subject in one session; `undefined` when it was cut off at the time limit. */
export type Measurements = { readonly [subject: string]: Measurement | undefined }

/** One browser's work in a round. */
export interface Session {
  readonly subjects: readonly string[]
  readonly run: (page: Page, limitMs: number) => Promise<Measurements>
}

/** How a ratio is formed, and whether more or less of it is better. */
export type Reading =
  /** other ÷ ours: how many times as fast we are. More is better. */
  | 'times faster'
  /** ours ÷ other: how much we add. Less is better. */
  | 'times as long'
  /** other ÷ ours: how much of the best possible is reached. More is better. */
  | 'of the ideal'

/** Ours against one other subject. */
export interface Pair {
  readonly other: string
  readonly reading: Reading
  /** What must be reached, and what we aim at; absent where a ratio is only for orientation. */
  readonly goal?: { readonly bar: number; readonly aim: number }
}

/** A bench at one size. */
export interface Comparison {
  /** The name on the command line. */
  readonly bench: string
  readonly title: string
  /** How many operations each subject must be found to have handled. */
  readonly operations: number
  /** True when the peer takes minutes. */
  readonly isLong: boolean
  readonly sessions: readonly Session[]
  readonly pairs: readonly Pair[]
}

/** The name of our own side in every comparison. */
export const ours = 'Holdfast'
