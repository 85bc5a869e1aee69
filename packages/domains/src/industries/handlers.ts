export { industryHandlers } from './deciders.ts'
export { industryDoors } from './doors.ts'
