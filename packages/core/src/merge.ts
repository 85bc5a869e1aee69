/**
 * The three-way merge, pure: what two people made of one thing, put together with the help of what both started from.
 *
 *   only one side changed a field ──▶ that side          both made the same of it ──▶ that, except that counts add up
 *   both changed it ──▶ the field's rule; without one, objects are merged field by field, anything else goes to the newest
 *   no rule can say ──▶ unsettled: a person must
 *
 * The same sides always give the same; a side merged with itself or with its base changes nothing; what neither side
 * touched stays. Where the base was not kept, a field in which the sides differ counts as changed by both.
 */
import { isEqualJson } from './json-equality.ts'
import { canonicalText, isRecord, ownMember, type Json } from './json.ts'

/** What stands in one place: in the base, on my side and on theirs. `undefined`: nothing stands there. */
export interface MergeSides {
  readonly base?: Json | undefined
  readonly mine: Json | undefined
  readonly theirs: Json | undefined
}

/** What rules may know beside the values. */
export interface MergeContext {
  /** When my side was made, ms since 1970. */
  readonly mineAtMs: number
  /** When theirs was made, ms since 1970. */
  readonly theirsAtMs: number
}

/** A context within a merge: `hasBase` is false where nobody kept what both sides started from. */
export interface RuleContext extends MergeContext {
  readonly hasBase: boolean
}

/** What a merge came to; `value` is `undefined` when nothing is to stand there. `fields` are paths with dots. */
export type Merged =
  | { readonly kind: 'merged'; readonly value: Json | undefined }
  | { readonly kind: 'unsettled'; readonly fields: readonly string[] }

/**
 * Settles one place that both sides changed. Pure and deterministic; `fields` are paths below that place, `''` for
 * itself.
 */
export interface MergeRule {
  (sides: MergeSides, context: RuleContext): Merged
  /** True where equal changes are two: three sold here and three sold there are six. */
  readonly addsUp?: boolean
}

/** Rules by the name of the field. */
export type MergeRules = { readonly [field: string]: MergeRule }

/** Merges two sides of a whole by the rules of its fields. */
export function mergeThreeWay(sides: MergeSides, rules: MergeRules, context: MergeContext): Merged {
  return mergePlace(sides, fieldsBy(rules), { ...context, hasBase: sides.base !== undefined })
}

/** A rule for an object in a field: its own fields are merged by rules of their own. */
export function nested(rules: MergeRules): MergeRule {
  return fieldsBy(rules)
}

/** The rule of fields that have none and are no objects: the side that was made later. Both made at once: by content. */
export function newest(): MergeRule {
  return ({ mine, theirs }, { mineAtMs, theirsAtMs }) => {
    if (mineAtMs !== theirsAtMs) return { kind: 'merged', value: mineAtMs > theirsAtMs ? mine : theirs }
    // Whoever merges, from whichever side, must come to the same.
    return { kind: 'merged', value: textOf(mine) > textOf(theirs) ? mine : theirs }
  }
}

/** Merges one place: what only one side changed needs no rule. */
export function mergePlace(sides: MergeSides, rule: MergeRule, context: RuleContext): Merged {
  const { base, mine, theirs } = sides
  if (isEqualJson(mine, base)) return { kind: 'merged', value: theirs }
  if (isEqualJson(theirs, base)) return { kind: 'merged', value: mine }
  if (isEqualJson(mine, theirs) && !(rule.addsUp === true && context.hasBase)) return { kind: 'merged', value: mine }
  return rule(sides, context)
}

const byNewest = newest()

function fieldsBy(rules: MergeRules): MergeRule {
  const merge: MergeRule = (sides, context) => {
    const { base, mine, theirs } = sides
    if (!isRecord(mine) || !isRecord(theirs)) return byNewest(sides, context)
    const before: { readonly [name: string]: Json } = isRecord(base) ? base : {}
    const entries: [string, Json][] = []
    const unsettled: string[] = []
    for (const name of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
      const place = {
        base: ownMember(before, name),
        mine: ownMember(mine, name),
        theirs: ownMember(theirs, name),
      }
      const merged = mergePlace(place, ownMember(rules, name) ?? withoutRule, context)
      if (merged.kind === 'unsettled') unsettled.push(...merged.fields.map((path) => joined(name, path)))
      else if (merged.value !== undefined) entries.push([name, merged.value])
    }
    if (unsettled.length > 0) return { kind: 'unsettled', fields: unsettled.toSorted() }
    return { kind: 'merged', value: Object.fromEntries(entries) }
  }
  return Object.values(rules).some(({ addsUp }) => addsUp) ? Object.assign(merge, { addsUp: true }) : merge
}

/** Objects of a common base are merged field by field; two that have nothing in common are not mixed into a third. */
function withoutRule(sides: MergeSides, context: RuleContext): Merged {
  const isNested = isRecord(sides.mine) && isRecord(sides.theirs) && isRecord(sides.base)
  return (isNested ? fieldsBy({}) : byNewest)(sides, context)
}

/** A path of fields: the name, and what is below it. */
export function joined(name: string, path: string): string {
  return path === '' ? name : `${name}.${path}`
}

function textOf(value: Json | undefined): string {
  // Nothing sorts before everything.
  return value === undefined ? '' : canonicalText(value)
}
