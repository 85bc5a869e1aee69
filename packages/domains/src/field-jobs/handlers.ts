export { jobHandlers, type JobChoices } from './deciders.ts'
export { jobDoors } from './doors.ts'
export { invoiceJob, invoiceJobs, invoiceOf } from './invoicing.ts'
