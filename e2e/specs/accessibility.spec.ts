/** No page breaks a rule of accessibility that a machine can check: on a phone and on a desk, light and dark. */
import AxeBuilder from '@axe-core/playwright'
import type { FieldDeskPage } from '../fixtures/field-desk-page.ts'
import { expect, test } from '../fixtures/test.ts'

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const screens = [
  ['a phone in light', { width: 390, height: 844 }, 'light'],
  ['a desk in dark', { width: 1280, height: 800 }, 'dark'],
] as const

for (const [name, size, colorScheme] of screens) {
  test(`every page keeps the rules of accessibility on ${name}`, async ({ desk, mark, way }) => {
    await desk.page.setViewportSize(size)
    await desk.page.emulateMedia({ colorScheme })
    await desk.open()
    await expect(desk.page.getByRole('heading', { level: 1 })).toBeVisible()
    await check(desk, 'sign in')
    await desk.signIn('ana@north.example')
    await desk.workerReady()
    await desk.placeOrder(`${mark} 1`)
    await check(desk, 'orders')
    await way.down()
    await desk.placeOrder(`${mark} 2`)
    await expect.poll(() => desk.pill()).toBe('server-unreachable')
    for (const path of ['/', '/sync', '/more', '/sign-in']) {
      await desk.open(path)
      await expect(desk.page.getByRole('heading', { level: 1 })).toBeVisible()
      await check(desk, path)
    }
  })
}

async function check({ page }: FieldDeskPage, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(rules).analyze()
  const found = violations.map(({ id, nodes }) => `${where}: ${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  expect(found).toEqual([])
}
