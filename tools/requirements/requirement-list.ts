// The requirements as a table of docs/requirements.md.

/** A row of the requirements. */
export interface RequirementRow {
  readonly id: string
  readonly what: string
  /** The part of the house that it lives in. */
  readonly where: string
}

/** The last id of the list; each from R001 on stands there once. */
export const lastRequirement = 157

/**
 * Reads the table.
 *
 * @throws RangeError when a row is missing, stands twice or cannot be read
 */
export function parseRequirements(text: string): readonly RequirementRow[] {
  const rows: RequirementRow[] = []
  for (const line of text.split('\n')) {
    if (!/^\| *R\d/.test(line)) continue
    const [id = '', what = '', where = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim())
    if (!/^R\d{3}$/.test(id) || what === '' || where === '') {
      throw new RangeError(`A row needs an id, words and a place: "${line}".`)
    }
    rows.push({ id, what, where })
  }
  for (let nth = 1; nth <= lastRequirement; nth += 1) {
    const id = `R${String(nth).padStart(3, '0')}`
    const count = rows.filter((row) => row.id === id).length
    if (count !== 1) throw new RangeError(`${id} stands ${count} times among the requirements; it must stand once.`)
  }
  if (rows.length > lastRequirement) throw new RangeError(`There are only ${lastRequirement} requirements.`)
  return rows
}
