import { expect, it } from 'vitest'
import { signInWords } from './words.ts'

it('a busy server says to try again in a moment, and blames nobody', () => {
  expect(signInWords.limited(1)).toBe('Too many sign-ins just now. Try again in 1 second.')
  expect(signInWords.limited(45)).toBe('Too many sign-ins just now. Try again in 45 seconds.')
})

it('after too many failed tries it names the minutes', () => {
  expect(signInWords.limited(60)).toBe('Too many failed tries. Try again in 1 minute.')
  expect(signInWords.limited(541)).toBe('Too many failed tries. Try again in 10 minutes.')
})
