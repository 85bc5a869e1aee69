/** What the shop sells. */

/** A kind of items, for the filter over the menu. */
export type Category = 'Mains' | 'Sides' | 'Sweets' | 'Drinks'

/** One item of the menu. */
export interface MenuItem {
  readonly id: string
  readonly name: string
  readonly category: Category
  readonly priceCents: number
}

/** All kinds of items, as they stand over the menu. */
export const categories: readonly Category[] = ['Mains', 'Sides', 'Sweets', 'Drinks']

/** The menu. Prices are in whole cents, without tax. */
export const menu: readonly MenuItem[] = [
  { id: 'tomato-soup', name: 'Tomato soup', category: 'Mains', priceCents: 690 },
  { id: 'club-sandwich', name: 'Club sandwich', category: 'Mains', priceCents: 1150 },
  { id: 'mushroom-risotto', name: 'Mushroom risotto', category: 'Mains', priceCents: 1390 },
  { id: 'fish-and-chips', name: 'Fish and chips', category: 'Mains', priceCents: 1480 },
  { id: 'garden-burger', name: 'Garden burger', category: 'Mains', priceCents: 1290 },
  { id: 'green-salad', name: 'Green salad', category: 'Sides', priceCents: 540 },
  { id: 'sourdough', name: 'Sourdough bread', category: 'Sides', priceCents: 320 },
  { id: 'potato-wedges', name: 'Potato wedges', category: 'Sides', priceCents: 450 },
  { id: 'apple-crumble', name: 'Apple crumble', category: 'Sweets', priceCents: 620 },
  { id: 'lemon-tart', name: 'Lemon tart', category: 'Sweets', priceCents: 580 },
  { id: 'espresso', name: 'Espresso', category: 'Drinks', priceCents: 280 },
  { id: 'flat-white', name: 'Flat white', category: 'Drinks', priceCents: 360 },
  { id: 'mint-tea', name: 'Mint tea', category: 'Drinks', priceCents: 310 },
  { id: 'lemonade', name: 'Lemonade', category: 'Drinks', priceCents: 390 },
  { id: 'still-water', name: 'Still water', category: 'Drinks', priceCents: 250 },
]

/** The share of tax on a bill, in hundredths of a percent: 9 %. */
export const taxBasisPoints = 900

/** The part of the menu that a category and a search leave. Every word of the search must be in the name. */
export function findItems(
  items: readonly MenuItem[],
  category: Category | undefined,
  search: string,
): readonly MenuItem[] {
  const words = search.toLocaleLowerCase().split(/\s+/)
  return items.filter(
    (item) =>
      (category === undefined || item.category === category) &&
      words.every((word) => item.name.toLocaleLowerCase().includes(word)),
  )
}
