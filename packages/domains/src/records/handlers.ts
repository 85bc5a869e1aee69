export { recordHandlers } from './deciders.ts'
export { recordDoors } from './doors.ts'
