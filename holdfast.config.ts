// What `npx holdfast` runs in this checkout: Field Desk.
export { default } from './apps/field-desk/holdfast.config.ts'
