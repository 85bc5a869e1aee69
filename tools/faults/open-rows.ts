// Rows of the fault list that nothing shows yet, each with what is missing. The list only ever gets shorter: a row that
// has its test must leave it, and a test says so.

/** Open rows, with what they wait for. */
export const openRows: Readonly<Record<string, string>> = {
  F094: 'components under a strict renderer',
}
