export { posHandlers } from './deciders.ts'
export { posDoors } from './doors.ts'
