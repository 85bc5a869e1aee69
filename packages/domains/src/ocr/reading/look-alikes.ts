/** A nought and the letter O look the same on most receipts: their neighbours decide. Pure. */

/** Makes noughts among letters to letters, and letters O among digits to noughts; leaves what holds both as it is. */
export function repairLookAlikes(word: string): string {
  const letters = word.replaceAll(/[^\p{L}]/gu, '')
  const digits = word.replaceAll(/\D/g, '')
  const otherLetters = letters.replaceAll(/o/gi, '')
  const otherDigits = digits.replaceAll('0', '')
  if (
    otherLetters.length >= 1 &&
    digits.length > 0 &&
    otherDigits.length === 0 &&
    digits.length <= otherLetters.length
  ) {
    // "N0" and "L0T" are words; "X00" is a number of something.
    return /0{2}/.test(word) ? word : word.replaceAll('0', isMostlySmall(letters) ? 'o' : 'O')
  }
  if (otherLetters === '' && letters.length > 0 && digits.length >= letters.length) return word.replaceAll(/o/gi, '0')
  return word
}

function isMostlySmall(letters: string): boolean {
  return letters.replaceAll(/\p{Lu}/gu, '').length * 2 > letters.length
}
