/** The form of an order that was refused: items, table and note, with the refused field marked. */
import type { Problem } from '@holdfast/core'
import type { Order } from '@holdfast/domains/pos/operations'
import { useState, type ReactElement } from 'react'
import { formatCents } from '../money.ts'
import { noteMax, readTable } from '../orders/cart.ts'
import { editWords } from '../words/center-words.ts'
import { orderWords } from '../words/words.ts'
import { editedOrder, editOf, readQuantity, refusedField } from './edit-order.ts'

/** What the form is about. */
export interface EditOrderProps {
  readonly order: Order
  readonly problem: Problem | undefined
  readonly isSaving: boolean
  readonly onResend: (order: Order) => void
}

/** Shows the form. */
export function EditOrder({ order, problem, isSaving, onResend }: EditOrderProps): ReactElement {
  const [edit, setEdit] = useState(() => editOf(order))
  const refused = problem === undefined ? undefined : refusedField(problem)
  const edited = editedOrder(order, edit)
  const isTableWrong = readTable(edit.table) === 'fault'
  const areNumbersWrong = edit.quantities.some((quantity) => readQuantity(quantity) === undefined)
  const isEmpty = !areNumbersWrong && edit.quantities.every((quantity) => readQuantity(quantity) === 0)
  const setQuantity = (index: number, quantity: string) =>
    setEdit({ ...edit, quantities: edit.quantities.map((old, at) => (at === index ? quantity : old)) })
  return (
    <form
      className="card stack"
      data-testid="edit-order"
      onSubmit={(event) => {
        event.preventDefault()
        if (edited !== undefined) onResend(edited)
      }}
    >
      <fieldset className="field" data-refused={refused === 'items'}>
        <legend>{editWords.items}</legend>
        <ul className="edit-items">
          {order.items.map(({ itemId, name, unitPriceCents }, index) => {
            const quantity = edit.quantities[index] ?? ''
            const isOff = readQuantity(quantity) === 0
            return (
              <li key={`${itemId} ${index}`} className="edit-item" data-off={isOff}>
                <input
                  inputMode="numeric"
                  autoComplete="off"
                  maxLength={2}
                  value={quantity}
                  aria-label={editWords.quantity(name)}
                  aria-invalid={readQuantity(quantity) === undefined || refused === 'items'}
                  onChange={(event) => setQuantity(index, event.target.value)}
                  data-testid="edit-quantity"
                />
                <span>
                  {name} {isOff && <span className="quiet">({editWords.takenOff})</span>}
                </span>
                <span className="amount">{formatCents(unitPriceCents * (readQuantity(quantity) ?? 0))}</span>
                <button
                  type="button"
                  className="button plain"
                  onClick={() => setQuantity(index, isOff ? '1' : '0')}
                  aria-label={isOff ? editWords.putBack(name) : editWords.remove(name)}
                >
                  {isOff ? editWords.putBackShort : editWords.off}
                </button>
              </li>
            )
          })}
        </ul>
      </fieldset>
      {areNumbersWrong && <p className="fault">{editWords.quantityWrong}</p>}
      {isEmpty && <p className="fault">{editWords.nothingLeft}</p>}
      <div className="details">
        <label className="field">
          <span>{orderWords.table}</span>
          <input
            inputMode="numeric"
            autoComplete="off"
            maxLength={8}
            value={edit.table}
            aria-invalid={isTableWrong || refused === 'table'}
            onChange={(event) => setEdit({ ...edit, table: event.target.value })}
            data-testid="edit-table"
          />
        </label>
        <label className="field">
          <span>{orderWords.note}</span>
          <input
            autoComplete="off"
            maxLength={noteMax}
            value={edit.note}
            aria-invalid={refused === 'note'}
            onChange={(event) => setEdit({ ...edit, note: event.target.value })}
          />
        </label>
        {isTableWrong && <p className="fault">{orderWords.tableWrong}</p>}
      </div>
      <p className="placed-total">
        <span>{orderWords.total}</span> <strong>{edited === undefined ? '–' : formatCents(edited.totalCents)}</strong>
      </p>
      <button
        type="submit"
        className="button primary"
        aria-disabled={isSaving || edited === undefined}
        data-testid="resend"
      >
        {editWords.resend}
      </button>
    </form>
  )
}
