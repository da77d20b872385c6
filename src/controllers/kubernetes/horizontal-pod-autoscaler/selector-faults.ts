/** What may be wrong with the pods that an autoscaler is pointed at, in upstream's words (validateAndParseSelector). */
import type { SelectorFault } from './reconcile-autoscaler.ts'

export const MISSING: SelectorFault = {
  event: 'SelectorRequired',
  eventMessage: 'selector is required',
  reason: 'InvalidSelector',
  message: "the HPA target's scale is missing a selector",
}

export function INVALID(problem: string): SelectorFault {
  const message = `couldn't convert selector into a corresponding internal selector object: ${problem}`
  return { event: 'InvalidSelector', eventMessage: message, reason: 'InvalidSelector', message }
}

export function AMBIGUOUS(selector: string, autoscalers: readonly string[]): SelectorFault {
  const message = `pods by selector ${selector} are controlled by more than one HPA (e.g. [${autoscalers.join(' ')}])`
  return { event: 'AmbiguousSelector', eventMessage: message, reason: 'AmbiguousSelector', message }
}
