export { formHandlers } from './deciders.ts'
export { formDoors } from './doors.ts'
