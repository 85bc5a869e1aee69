/** An index over the refused operations alone, so that listing them does not read a tenant's whole ledger. */
export const refusedMigration = `
create index ledger_refused on holdfast.ledger (tenant, at desc, id) where code = 'rejected';
`
