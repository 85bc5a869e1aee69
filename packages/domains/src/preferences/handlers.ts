export { preferencesHandlers } from './deciders.ts'
export { preferencesDoors } from './doors.ts'
