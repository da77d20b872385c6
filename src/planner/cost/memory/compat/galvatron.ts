/** Share of the model states that stays on a rank, as Galvatron's cost model takes it (cea12ff, mixed precision, one chunk). */
const OVERHEAD = 0.003

export const galvatronZero2Share = (dataRanks: number): number => (7 / 8) * (1 / dataRanks + OVERHEAD) + 1 / 8
export const galvatronZero3Share = (dataRanks: number): number => 1 / dataRanks + OVERHEAD
