/**
 * The fields of a form: what may be saved while somebody types, what is sent, and putting saved values back into a form
 * that may have changed since. A password, a file and what a browser is asked not to remember are never saved.
 */

/** A field's value: a list where several controls have the name, or one of them is a choice of several. */
export type FieldValue = string | readonly string[]

/** The fields of a form by name. */
export type FormFields = Readonly<Record<string, FieldValue>>

/** A control that holds a value of the person's. */
type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement

const unsavedTypes: ReadonlySet<string> = new Set(['password', 'file', 'hidden', 'submit', 'button', 'image', 'reset'])

/** Tokens of `autocomplete` that name secrets, and `off`, which asks to remember nothing. */
const unsavedTokens = /(?:^|\s)(?:off|cc-\S+|one-time-code|current-password|new-password)(?:\s|$)/i

/** Names that would reach into the object that they are put into. */
const unusableNames: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** What is saved of a form while somebody types. */
export function savedFieldsOf(form: HTMLFormElement): FormFields {
  const pairs: [string, string][] = []
  for (const control of controlsOf(form)) {
    if (!mayBeSaved(control)) continue
    // A name that is there with nothing chosen is not the same as a name that is not there.
    const values = valuesOf(control)
    for (const value of values) pairs.push([control.name, value])
  }
  return gather(pairs)
}

/** What is sent of a form, as a browser would send it; files are not text and stand in `fileNames`. */
export function sentFieldsOf(
  form: HTMLFormElement,
  submitter: HTMLElement | null,
): { readonly fields: FormFields; readonly fileNames: readonly string[] } {
  const data = new FormData(form, submitter)
  const pairs: [string, string][] = []
  const fileNames: string[] = []
  data.forEach((value, name) => {
    if (typeof value === 'string') pairs.push([name, value])
    else if (value.name !== '' || value.size > 0) fileNames.push(name)
  })
  return { fields: gather(pairs), fileNames }
}

/** True when a form asks for what must not lie on a device: it is then sent by the browser, or not at all. */
export function asksForSecrets(form: HTMLFormElement): boolean {
  return controlsOf(form).some(
    (control) => control.type === 'password' || /one-time-code|cc-/.test(control.autocomplete),
  )
}

/**
 * Puts saved values back. Only into controls that are still there, still take such a value, may be saved at all, and
 * that nobody has changed since the page was loaded. Returns the names that were filled in.
 */
export function restoreFields(form: HTMLFormElement, fields: FormFields): readonly string[] {
  const restored: string[] = []
  for (const [name, controls] of Map.groupBy(controlsOf(form), ({ name: own }) => own)) {
    if (!Object.hasOwn(fields, name) && !controls.some(isChoice)) continue
    const value = Object.hasOwn(fields, name) ? (fields[name] ?? []) : []
    const values = typeof value === 'string' ? [value] : [...value]
    if (!controls.every((control) => mayBeSaved(control) && isUntouched(control))) continue
    let isChanged = false
    for (const control of controls) isChanged = putBack(control, values) || isChanged
    if (isChanged) restored.push(name)
  }
  return restored
}

function controlsOf(form: HTMLFormElement): readonly Control[] {
  return [...form.elements].filter(
    (element): element is Control =>
      (element instanceof HTMLInputElement ||
        element instanceof HTMLSelectElement ||
        element instanceof HTMLTextAreaElement) &&
      element.name !== '' &&
      !unusableNames.has(element.name),
  )
}

function mayBeSaved(control: Control): boolean {
  if (unsavedTypes.has(control.type) || control.disabled) return false
  return !unsavedTokens.test(control.autocomplete) && control.closest('[data-draft="off"]') === null
}

function isChoice(control: Control): boolean {
  return control.type === 'checkbox' || control.type === 'radio' || control.type === 'select-multiple'
}

function valuesOf(control: Control): readonly string[] {
  if (control instanceof HTMLSelectElement) return [...control.selectedOptions].map(({ value }) => value)
  if (control instanceof HTMLInputElement && isChoice(control)) return control.checked ? [control.value] : []
  return [control.value]
}

function isUntouched(control: Control): boolean {
  if (control instanceof HTMLSelectElement) {
    const options = [...control.options]
    const first = options.some((option) => option.defaultSelected)
    // A menu without a default shows its first option.
    return options.every((option, index) =>
      first || control.multiple ? option.selected === option.defaultSelected : option.selected === (index === 0),
    )
  }
  if (control instanceof HTMLInputElement && isChoice(control)) return control.checked === control.defaultChecked
  return control.value === control.defaultValue
}

/** Puts one control's part of the values back, and takes it from the list; true when that changed something. */
function putBack(control: Control, values: string[]): boolean {
  if (control instanceof HTMLSelectElement) {
    let isChanged = false
    for (const option of control.options) {
      const isWanted = values.includes(option.value)
      // A menu whose option is gone stays where it is.
      if (option.selected === isWanted || (!control.multiple && !isWanted)) continue
      option.selected = isWanted
      isChanged = true
    }
    return isChanged
  }
  if (control instanceof HTMLInputElement && isChoice(control)) {
    const isWanted = values.includes(control.value)
    if (control.checked === isWanted) return false
    control.checked = isWanted
    return true
  }
  const value = values.shift()
  if (value === undefined || control.value === value) return false
  control.value = value
  return control.value === value
}

function gather(pairs: readonly (readonly [string, string])[]): FormFields {
  const fields = new Map<string, FieldValue>()
  for (const [name, value] of pairs) {
    if (unusableNames.has(name)) continue
    const before = fields.get(name)
    if (before === undefined) fields.set(name, value)
    else fields.set(name, typeof before === 'string' ? [before, value] : [...before, value])
  }
  return Object.fromEntries(fields)
}
