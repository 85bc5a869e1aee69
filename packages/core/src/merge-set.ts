/**
 * Lists that are sets: what either side added is added, what one side took away and the other left alone is gone. Items
 * are told apart by an id, and those that have none by their value.
 */
import { canonicalText, isList, isRecord, type Json } from './json.ts'
import { joined, mergePlace, nested, type MergeRule, type MergeRules } from './merge.ts'

/**
 * A list of items with ids in the field `idField`.
 *
 * An item that both sides changed is merged by `rules`, an item that one side took away and the other changed stays.
 * Their order comes first, then what only my side has, in my order. Unsettled when a list names an id twice.
 */
export function setById(idField: string, rules: MergeRules = {}): MergeRule {
  const itemRule = nested(rules)
  const merge: MergeRule = ({ base, mine, theirs }, context) => {
    const [before, ours, others] = [base, mine, theirs].map((list) => itemsOf(list, idField))
    if (before === undefined || ours === undefined || others === undefined) return { kind: 'unsettled', fields: [''] }
    const items: Json[] = []
    const unsettled: string[] = []
    for (const key of new Set([...others.keys(), ...ours.keys()])) {
      const place = { base: before.get(key), mine: ours.get(key), theirs: others.get(key) }
      const { theirs: other } = place
      if (place.mine === undefined || other === undefined) {
        const left = place.mine ?? other
        // Taken away by one side: gone, unless the other has changed it meanwhile.
        const isGone = place.base !== undefined && canonical(left) === canonical(place.base)
        if (left !== undefined && !isGone) items.push(left)
        continue
      }
      const merged = mergePlace(place, itemRule, context)
      if (merged.kind === 'unsettled')
        unsettled.push(...merged.fields.map((path) => joined(nameOf(other, idField), path)))
      else if (merged.value !== undefined) items.push(merged.value)
    }
    return unsettled.length > 0 ? { kind: 'unsettled', fields: unsettled } : { kind: 'merged', value: items }
  }
  return itemRule.addsUp === true ? Object.assign(merge, { addsUp: true }) : merge
}

/** Items by what tells them apart; `undefined` when the value is no list, or an id stands in it twice. */
function itemsOf(list: Json | undefined, idField: string): ReadonlyMap<string, Json> | undefined {
  if (list === undefined || list === null) return new Map()
  if (!isList(list)) return undefined
  const items = new Map<string, Json>()
  for (const item of list) {
    const id = isRecord(item) && Object.hasOwn(item, idField) ? item[idField] : undefined
    if (id !== undefined && id !== null) {
      const key = `id ${canonicalText(id)}`
      if (items.has(key)) return undefined
      items.set(key, item)
      continue
    }
    // Equal items without an id are counted, so that two of them stay two.
    const value = canonicalText(item)
    let nth = 1
    while (items.has(`${nth} ${value}`)) nth += 1
    items.set(`${nth} ${value}`, item)
  }
  return items
}

function canonical(value: Json | undefined): string {
  return value === undefined ? '' : canonicalText(value)
}

function nameOf(item: Json, idField: string): string {
  const id = isRecord(item) ? item[idField] : undefined
  return typeof id === 'string' ? id : canonical(id)
}
