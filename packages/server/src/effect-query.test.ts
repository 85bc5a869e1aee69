/** What an effect may send. */
import { expect, test } from 'vitest'
import { effectQuery, isAboutRows } from './effect-query.ts'

test.each([
  'select 1',
  '\n  Insert into stock values (1)',
  '-- who\n/* and why */ with s as (select 1) select * from s',
  '(select 1) union (select 2)',
  'merge into stock using s on true when matched then delete',
])('an effect may run %j', (text) => {
  expect(isAboutRows(text)).toBe(true)
})

test.each([
  '',
  'commit',
  '/* select */ commit',
  '; commit',
  ' ;;/**/-- select\n rollback',
  '-- select 1\ncommit',
  '-- select 1\rcommit',
  '/* /* */ select */ commit',
  'set role postgres',
  `select set_config('app.tenant', 'other', true)`,
  `with s as (select "set_config"('role', 'postgres', true)) select * from s`,
  'do $$ begin commit; end $$',
  'selection',
])('an effect may not run %j', async (text) => {
  const sent: string[] = []
  const { query } = effectQuery((_name, sql) => Promise.resolve([{ sent: sent.push(sql) }]), 'note.change')
  await expect(query('q', text, [])).rejects.toMatchObject({ code: 'foreign-query' })
  expect(sent).toEqual([])
})

test('a long text is looked at in time that grows with its length', () => {
  expect(isAboutRows(`${'-- (;\n/* ** */ '.repeat(50_000)}commit`)).toBe(false)
  expect(isAboutRows('--'.repeat(50_000))).toBe(false)
})
