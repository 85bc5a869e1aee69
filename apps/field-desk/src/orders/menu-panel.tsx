/** The menu: find an item, tap it, and it is in the cart. */
import { Search } from 'lucide-react'
import { useState, type ReactElement } from 'react'
import { formatCents } from '../money.ts'
import { orderWords } from '../words/words.ts'
import { categories, findItems, menu, type Category } from './menu.ts'

/** What the menu is shown with. */
export interface MenuPanelProps {
  readonly quantities: ReadonlyMap<string, number>
  readonly onAdd: (itemId: string) => void
}

/** Shows the menu. */
export function MenuPanel({ quantities, onAdd }: MenuPanelProps): ReactElement {
  const [search, setSearch] = useState('')
  const [category, setCategory] = useState<Category>()
  const found = findItems(menu, category, search)
  return (
    <section className="menu" aria-labelledby="menu-heading">
      <h2 id="menu-heading" className="unseen">
        {orderWords.newOrder}
      </h2>
      <div className="search">
        <Search aria-hidden size={18} />
        <input
          type="search"
          aria-label={orderWords.search}
          placeholder={orderWords.search}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      <div className="chips" role="group" aria-label={orderWords.categories}>
        {[undefined, ...categories].map((kind) => (
          <button
            key={kind ?? 'all'}
            type="button"
            className="chip"
            aria-pressed={category === kind}
            onClick={() => setCategory(kind)}
          >
            {kind ?? orderWords.all}
          </button>
        ))}
      </div>
      {found.length === 0 ? (
        <p className="empty">{orderWords.nothingFound(search)}</p>
      ) : (
        <ul className="items">
          {found.map(({ id, name, priceCents, category: kind }) => {
            const quantity = quantities.get(id) ?? 0
            return (
              <li key={id}>
                <button
                  type="button"
                  className="item"
                  data-category={kind}
                  onClick={() => onAdd(id)}
                  data-testid={`item-${id}`}
                >
                  <span className="item-name">
                    <span className="unseen">{orderWords.add} </span>
                    {name}
                  </span>
                  <span className="item-price">{formatCents(priceCents)}</span>
                  {quantity > 0 && (
                    <span className="item-count">
                      {quantity} <span className="unseen">{orderWords.inCart}</span>
                    </span>
                  )}
                </button>
              </li>
            )
          })}
        </ul>
      )}
    </section>
  )
}
