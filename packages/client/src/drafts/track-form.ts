/**
 * Following a form, without any framework: what is typed is saved while it is typed, what is submitted is stored in the
 * outbox before anything else happens, and what the server says about it later comes back to the form.
 *
 *   typing ──▶ draft ── submit ──▶ stored ── applied ──▶ "sent"
 *                ▲                    └───── refused ──▶ back in the form, with the reason
 *                └── reload, another tab, a crash
 */
import {
  isRecord,
  operationIdFrom,
  operationIdRandomBytes,
  SyncError,
  type OperationDefinition,
  type OperationId,
} from '@holdfast/core'
import type { Entry, EntryView } from '../entry.ts'
import { browserEnvironment } from '../environment-browser.ts'
import type { Outbox } from '../outbox.ts'
import { openDraftStore, type Draft, type DraftStore } from './draft-store.ts'
import {
  asksForSecrets,
  restoreFields,
  savedFieldsOf,
  sentFieldsOf,
  type FieldValue,
  type FormFields,
} from './form-fields.ts'
import { wordsOf, type FormNotice } from './notices.ts'
import { showToast } from './toast.ts'

/** A form as it was submitted. */
export interface FormSubmitted {
  /** The id of its operation: submitted twice, it is one. */
  readonly id: OperationId
  readonly formId: string
  readonly fields: FormFields
  readonly action: string
  readonly method: string
}

/** How a form is followed. */
export interface TrackFormOptions<Payload> {
  readonly outbox: Outbox
  /** The application's name, as `openOutbox` has it. */
  readonly name: string
  /** What a submission is stored as. */
  readonly operation: OperationDefinition<Payload>
  /** The payload of a submission. With `metadata: { formId, type: 'form' }` in it, what the server refuses finds its form again. */
  readonly payloadOf: (submitted: FormSubmitted) => Payload
  /** Default: the form's `id`, else its `name`. */
  readonly formId?: string
  /** How long after the last key the draft is saved, ms. Default 400. */
  readonly saveAfterMs?: number
  /** Default: a toast with our words. */
  readonly onNotice?: (notice: FormNotice) => void
  /** Default: the person's own, in IndexedDB. */
  readonly drafts?: DraftStore
}

/** A form that is followed. */
export interface TrackedForm {
  /** Resolves when a draft from before, if there was one, is back in the form. */
  readonly restored: Promise<void>
  /** Forgets the draft and empties the form. */
  clear(): Promise<void>
  /** Saves now what was typed last, and follows the form no more. */
  stop(): Promise<void>
}

/** An answer within this time is told by itself, ms: "saved" first would only flicker. */
const answerSoonMs = 1500

/**
 * Follows a form.
 *
 * A form with a password or a file is left to the browser: neither is ever kept on the device. So is one that reads.
 *
 * @throws SyncError `invalid-definition` for a form that is sent with GET, or that has neither `id` nor `name`
 */
export function trackForm<Payload>(form: HTMLFormElement, options: TrackFormOptions<Payload>): TrackedForm {
  const formId = options.formId ?? (form.id || form.name)
  if (formId === '') {
    throw new SyncError(
      'invalid-definition',
      'A form that is followed has an `id` or a `name`, or is given a `formId`.',
    )
  }
  if (form.method !== 'post') {
    throw new SyncError(
      'invalid-definition',
      `The form "${formId}" is sent with ${form.method.toUpperCase()}, which reads; only what writes is kept. Give it method="post".`,
    )
  }
  return new FollowedForm(form, formId, options)
}

class FollowedForm<Payload> implements TrackedForm {
  readonly restored: Promise<void>
  readonly #form: HTMLFormElement
  readonly #formId: string
  readonly #options: TrackFormOptions<Payload>
  readonly #drafts: DraftStore
  readonly #environment = browserEnvironment()
  readonly #stopped = new AbortController()
  #submissionId = this.#newId()
  /** The dead letter whose place the next submission takes. */
  #refused: OperationId | undefined
  #cancelSave = (): void => {}
  /** True while something was typed that is not in the draft yet. */
  #isDirty = false
  /** True while the form holds something of the person's. */
  #isInUse = false
  readonly #told = new Set<OperationId>()
  #isSubmitting = false
  /** Saving and removing come one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(form: HTMLFormElement, formId: string, options: TrackFormOptions<Payload>) {
    this.#form = form
    this.#formId = formId
    this.#options = options
    this.#drafts = options.drafts ?? openDraftStore(options.name, options.outbox.session)
    const { signal } = this.#stopped
    form.addEventListener('input', () => this.#noteTyping(), { signal })
    form.addEventListener('change', () => this.#noteTyping(), { signal })
    form.addEventListener('submit', (event) => this.#submit(event), { signal })
    form.addEventListener('reset', () => this.#noteEmpty(), { signal })
    // The last moment that every browser gives.
    document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && void this.#save(), {
      signal,
    })
    this.restored = this.#restore().catch(() => undefined)
    signal.addEventListener(
      'abort',
      options.outbox.subscribe(() => void this.#lookForRefusals().catch(() => undefined)),
    )
  }

  async clear(): Promise<void> {
    this.#form.reset()
    await this.#forgetDraft()
  }

  async stop(): Promise<void> {
    await this.#save()
    this.#stopped.abort()
    await this.#turn
    if (this.#options.drafts === undefined) await this.#drafts.close()
  }

  #noteEmpty(): void {
    this.#isInUse = false
    this.#refused = undefined
  }

  #noteTyping(): void {
    this.#isDirty = true
    this.#isInUse = true
    this.#cancelSave()
    this.#cancelSave = this.#environment.clock.timer(this.#options.saveAfterMs ?? 400, () => void this.#save())
  }

  /** A draft that cannot be saved is not worth a word while somebody types: nothing was promised of it. */
  async #save(): Promise<void> {
    this.#cancelSave()
    if (!this.#isDirty || this.#isSubmitting) return
    this.#isDirty = false
    const draft: Draft = {
      formId: this.#formId,
      submissionId: this.#submissionId,
      fields: savedFieldsOf(this.#form),
      savedAtMs: this.#environment.clock.now(),
    }
    await this.#inTurn(() => this.#drafts.save(draft))
  }

  async #forgetDraft(): Promise<void> {
    this.#cancelSave()
    this.#isDirty = false
    const done = this.#submissionId
    this.#submissionId = this.#newId()
    await this.#inTurn(() => this.#drafts.remove(done))
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work).catch(() => undefined)
    this.#turn = turn
    await turn
  }

  async #restore(): Promise<void> {
    for (const draft of await this.#drafts.list(this.#formId)) {
      const { submissionId, fields } = draft
      // Stored, and the page died before it could forget the draft.
      if ((await this.#options.outbox.entry(submissionId)) !== undefined) {
        await this.#drafts.remove(submissionId)
        continue
      }
      if (!(await this.#takeOver(submissionId))) continue
      if (!this.#isDirty) this.#submissionId = submissionId
      if (restoreFields(this.#form, fields).length > 0) {
        this.#isInUse = true
        this.#tell({ kind: 'restored' })
      }
      break
    }
    await this.#takeOver(this.#submissionId)
    await this.#lookForRefusals()
  }

  /** Claims a draft for this tab; false when another open tab is writing it. */
  async #takeOver(submissionId: OperationId): Promise<boolean> {
    if (!('locks' in navigator)) return true
    const claimed = Promise.withResolvers<boolean>()
    const held = Promise.withResolvers<void>()
    this.#stopped.signal.addEventListener('abort', () => held.resolve())
    const ask = navigator.locks.request(`holdfast-draft:${submissionId}`, { ifAvailable: true }, (lock) => {
      claimed.resolve(lock !== null)
      return lock === null ? undefined : held.promise
    })
    ask.catch(() => claimed.resolve(true))
    return claimed.promise
  }

  #submit(event: SubmitEvent): void {
    if (event.defaultPrevented) return
    const { fields, fileNames } = sentFieldsOf(this.#form, event.submitter)
    if (fileNames.length > 0 || asksForSecrets(this.#form)) return
    event.preventDefault()
    if (this.#isSubmitting) return
    this.#isSubmitting = true
    void this.#store(fields)
      .catch((error: unknown) => this.#tell({ kind: 'not-stored', reason: reasonOf(error) }))
      .finally(() => {
        this.#isSubmitting = false
      })
  }

  async #store(fields: FormFields): Promise<void> {
    const { outbox, operation, payloadOf } = this.#options
    const id = this.#submissionId
    const { action, method } = this.#form
    const payload = payloadOf({ id, formId: this.#formId, fields, action, method })
    const refused = this.#refused
    const entry =
      refused === undefined
        ? await outbox.enqueue(operation, payload, { id })
        : await outbox.edit(refused, payload).then((edited) => outbox.entry(edited.id))
    this.#form.reset()
    await this.#forgetDraft()
    if (entry !== undefined) await this.#tellWhatComes(entry)
  }

  /** Says "sent" at once where the server answers soon, and otherwise that it is safe and will be sent. */
  async #tellWhatComes(entry: Entry): Promise<void> {
    const sent = entry.settled.then(
      ({ kind }) => kind === 'applied',
      () => false,
    )
    const late = new Promise<'late'>((resolve) => this.#environment.clock.timer(answerSoonMs, () => resolve('late')))
    const first = await Promise.race([sent, late])
    if (first === true) this.#tell({ kind: 'sent' })
    else if (!this.#told.has(entry.id)) this.#tell({ kind: 'stored' })
  }

  /** What the server has refused comes back into the form it came from, if that is empty. */
  async #lookForRefusals(): Promise<void> {
    if (this.#refused !== undefined || this.#options.outbox.status().counts.dead === 0) return
    const dead = await this.#options.outbox.entries({ state: 'dead', limit: 500 })
    const own = dead.findLast(
      (entry) =>
        entry.type === this.#options.operation.type && formIdOf(entry) === this.#formId && !this.#told.has(entry.id),
    )
    if (own === undefined || this.#refused !== undefined || this.#stopped.signal.aborted) return
    this.#told.add(own.id)
    const { reason, field } = refusalOf(own)
    // Only what stands in the form again is replaced by what is sent from it next; anything else stays where it is.
    if (!this.#isInUse && restoreFields(this.#form, fieldsOf(own)).length > 0) {
      this.#refused = own.id
      this.#isInUse = true
      this.#mark(field, reason)
    }
    this.#tell({ kind: 'refused', reason })
  }

  /** Marks the field that the server has named, until somebody changes it. */
  #mark(name: string | undefined, reason: string): void {
    const control = name === undefined ? null : this.#form.elements.namedItem(name)
    if (
      !(
        control instanceof HTMLInputElement ||
        control instanceof HTMLTextAreaElement ||
        control instanceof HTMLSelectElement
      )
    )
      return
    control.setCustomValidity(reason)
    control.setAttribute('aria-invalid', 'true')
    const clear = (): void => {
      control.setCustomValidity('')
      control.removeAttribute('aria-invalid')
    }
    control.addEventListener('input', clear, { once: true })
    this.#form.addEventListener('reset', clear, { once: true })
  }

  #tell(notice: FormNotice): void {
    if (this.#stopped.signal.aborted) return
    if (this.#options.onNotice !== undefined) this.#options.onNotice(notice)
    else showToast(wordsOf(notice), { isError: notice.kind === 'not-stored' || notice.kind === 'refused' })
  }

  #newId(): OperationId {
    const { clock, random } = this.#environment
    return operationIdFrom(clock.now(), random.bytes(operationIdRandomBytes))
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function formIdOf({ payload }: EntryView): unknown {
  const metadata = isRecord(payload) ? payload['metadata'] : undefined
  return isRecord(metadata) ? metadata['formId'] : undefined
}

/** The fields in a payload: in `fields`, as the pack of forms has them, or in `body`, as a plain request. */
function fieldsOf({ payload }: EntryView): FormFields {
  const found = isRecord(payload) ? (payload['fields'] ?? payload['body']) : undefined
  if (!isRecord(found)) return {}
  const fields: [string, FieldValue][] = []
  for (const [name, value] of Object.entries(found)) {
    if (typeof value === 'string') fields.push([name, value])
    else if (Array.isArray(value)) fields.push([name, value.map(String)])
  }
  return Object.fromEntries(fields)
}

function refusalOf({ state }: EntryView): { readonly reason: string; readonly field: string | undefined } {
  const problem = state.kind === 'dead' && 'problem' in state.reason ? state.reason.problem : undefined
  return {
    reason: problem?.detail ?? problem?.title ?? 'All tries have failed.',
    field: problem?.pointer?.split('/').at(-1),
  }
}
