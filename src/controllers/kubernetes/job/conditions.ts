/** What a Job's conditions say of its end. */
import type { Job } from '../../../kube/workloads.ts'
import { isTrue } from '../../runtime/conditions.ts'

export const isFinished = (job: Job): boolean => isTrue(job, 'Complete') || isTrue(job, 'Failed')
/** It will complete or fail, as soon as its pods are gone and counted. */
export const isEnding = (job: Job): boolean => isTrue(job, 'SuccessCriteriaMet') || isTrue(job, 'FailureTarget')
