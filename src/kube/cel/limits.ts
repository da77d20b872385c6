/** What evaluating may cost, as apiserver has it (pkg/apis/cel). */

/** What one rule may cost: cel-go's PerCallLimit in apiserver, about a tenth of a second. */
export const PER_CALL_LIMIT = 1_000_000
/** What all rules of one object may cost together. */
export const OBJECT_BUDGET = 10_000_000
