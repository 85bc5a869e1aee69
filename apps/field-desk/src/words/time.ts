/** Instants and spans as people say them. */
import { locale } from '../money.ts'

const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const weekday = new Intl.DateTimeFormat(locale, { weekday: 'short' })
const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' })
const full = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'medium', hourCycle: 'h23' })

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** The time of day; with the weekday within six days, with the date beyond. */
export function clockTime(atMs: number, nowMs: number): string {
  const at = new Date(atMs)
  const time = clock.format(at)
  if (at.toDateString() === new Date(nowMs).toDateString()) return time
  return Math.abs(atMs - nowMs) < 6 * dayMs ? `${weekday.format(at)} ${time}` : `${day.format(at)} ${time}`
}

/** When something will be: "in a moment" under a minute (or overdue), else "at 14:05". */
export function dueTime(atMs: number, nowMs: number): string {
  return atMs - nowMs < minuteMs ? 'in a moment' : `at ${clockTime(atMs, nowMs)}`
}

/** The whole instant, for the title of a time. */
export function fullTime(atMs: number): string {
  return full.format(new Date(atMs))
}

/** How long something has waited, from a day up: "26 hours", "3 days". */
export function waitedFor(ageMs: number): string {
  return ageMs < 3 * dayMs ? `${Math.floor(ageMs / hourMs)} hours` : `${Math.floor(ageMs / dayMs)} days`
}
