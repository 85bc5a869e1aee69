/** A page with a form that is followed, with a server in the same page: for tests of what people do to forms in a real browser. */
import { defineLane, defineOperation, isRecord, problem, type Schema } from '@holdfast/core'
import { openOutbox } from '../open-outbox.ts'
import type { Outbox } from '../outbox.ts'
import { FakeServer } from '../world.fixture.ts'
import { openDraftStore, trackForm, wordsOf, type FormFields, type TrackedForm } from './index.ts'

interface Sent {
  readonly id: string
  readonly fields: FormFields
  readonly metadata: { readonly formId: string; readonly type: 'form' }
}

const anything: Schema<Sent> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => (isSent(value) ? { value } : { issues: [{ message: 'expected a form' }] }),
  },
}
const lane = defineLane('form', { onDead: 'skip' })
const submitForm = defineOperation({
  type: 'form.submit',
  version: 1,
  payload: anything,
  lane: ({ metadata }: Sent) => lane(metadata.formId),
})

/** The page. */
export class FormPage {
  /** Everything that was said to the person. */
  readonly said: string[] = []
  readonly #outbox: Outbox
  readonly #server: FakeServer
  readonly #tracked: TrackedForm

  private constructor(outbox: Outbox, server: FakeServer, markup: string, withToast: boolean) {
    this.#outbox = outbox
    this.#server = server
    document.body.innerHTML = markup
    const form = document.querySelector('form')
    if (form === null) throw new Error('a form was expected')
    this.#tracked = trackForm(form, {
      outbox,
      name: 'forms',
      operation: submitForm,
      payloadOf: ({ id, formId, fields }): Sent => ({ id, fields, metadata: { formId, type: 'form' } }),
      saveAfterMs: 50,
      ...(!withToast && { onNotice: (notice) => this.said.push(wordsOf(notice)) }),
    })
  }

  /** Opens the page; `isOnline` false: the server cannot be reached. */
  static async open(markup: string, { isOnline = true, withToast = false } = {}): Promise<FormPage> {
    const server = new FakeServer()
    if (!isOnline) {
      server.probe = 'red'
      server.misbehave = () => 'lose-request'
    }
    const outbox = await openOutbox({
      name: 'forms',
      operations: [submitForm],
      session: { tenant: 'north', user: 'ana' },
      transport: server.transport(),
    })
    const page = new FormPage(outbox, server, markup, withToast)
    await page.#tracked.restored
    return page
  }

  /** What the form holds now. */
  get fields(): Record<string, unknown> {
    const form = document.querySelector('form')
    if (form === null) throw new Error('a form was expected')
    const fields: Record<string, string[]> = {}
    new FormData(form).forEach((value, name) => {
      fields[name] = [...(fields[name] ?? []), typeof value === 'string' ? value : `file ${value.name}`]
    })
    return fields
  }

  /** What took effect on the server. */
  get effects(): readonly unknown[] {
    return this.#server.effects.map(({ payload }) => (isRecord(payload) ? payload['fields'] : payload))
  }

  /** The server can be reached again. */
  goOnline(): void {
    this.#server.probe = 'green'
    this.#server.misbehave = () => undefined
    this.#outbox.authenticated()
    void this.#outbox.drain()
  }

  /** From now on the server refuses everything that has this text, and names a field. */
  refuse(text: string, field: string): void {
    this.#server.refuse = ({ payload }) =>
      JSON.stringify(payload).includes(text)
        ? {
            outcome: 'rejected',
            problem: problem('refused', 'No', { detail: 'Not a place we know.', pointer: `/fields/${field}` }),
          }
        : undefined
  }

  get pending(): number {
    return this.#outbox.status().pending
  }

  get needsYou(): number {
    return this.#outbox.status().needsYou
  }

  /** What is saved of the form in the browser's database, by whichever tab, as text. */
  async savedText(): Promise<string> {
    const drafts = openDraftStore('forms', this.#outbox.session)
    const saved = await drafts.list(document.forms[0]?.id ?? '')
    await drafts.close()
    return JSON.stringify(saved.map(({ fields }) => fields))
  }

  async stop(): Promise<void> {
    await this.#tracked.stop()
    await this.#outbox.close()
  }
}

function isSent(value: unknown): value is Sent {
  return isRecord(value) && typeof value['id'] === 'string' && isRecord(value['fields']) && isRecord(value['metadata'])
}
