/**
 * Textbook costs of collective algorithms with latency alpha a message, beta seconds a byte, gamma seconds a byte that is added up (comments of
 * MPICH's src/mpi/coll; Thakur, Rabenseifner and Gropp 2005). `bytes` is the whole buffer. The planner prices with NCCL's model instead;
 * these say from first principles when an algorithm wins, and check the rest.
 */

export interface AlphaBeta {
  readonly alpha: number
  readonly beta: number
  readonly gamma: number
}
type Cost = (ranks: number, bytes: number, link: AlphaBeta) => number

const part = (ranks: number): number => (ranks - 1) / ranks

export const ringAllGather: Cost = (q, n, { alpha, beta }) => (q - 1) * alpha + n * part(q) * beta
/** Recursive doubling for powers of two, Bruck for others. */
export const doublingAllGather: Cost = (q, n, { alpha, beta }) => Math.log2(q) * alpha + n * part(q) * beta
const ringReduceScatter: Cost = (q, n, { alpha, beta, gamma }) => (q - 1) * alpha + n * part(q) * (beta + gamma)
export const halvingReduceScatter: Cost = (q, n, { alpha, beta, gamma }) =>
  Math.log2(q) * alpha + n * part(q) * (beta + gamma)

export const ringAllReduce: Cost = (q, n, link) => ringReduceScatter(q, n, link) + ringAllGather(q, n, link)
export const doublingAllReduce: Cost = (q, n, { alpha, beta, gamma }) => Math.log2(q) * (alpha + n * beta + n * gamma)
export const rabenseifnerAllReduce: Cost = (q, n, link) => {
  const log = Math.log2(q)
  if (Number.isInteger(log)) return halvingReduceScatter(q, n, link) + doublingAllGather(q, n, link)
  const { alpha, beta, gamma } = link
  // The ranks beyond the power of two hand their part over first and get the result at the end.
  return (2 * Math.floor(log) + 2) * alpha + (2 * part(q) + 2) * n * beta + n * (1 + part(q)) * gamma
}

/** The block for oneself is counted, as MPICH does. */
export const pairwiseAllToAll: Cost = (q, n, { alpha, beta }) => (q - 1) * alpha + n * beta
export const bruckAllToAll: Cost = (q, n, { alpha, beta }) => Math.log2(q) * (alpha + (n / 2) * beta)

export const binomialBroadcast: Cost = (q, n, { alpha, beta }) => Math.log2(q) * (alpha + n * beta)
export const scatterGatherBroadcast: Cost = (q, n, { alpha, beta }) =>
  (Math.log2(q) + q - 1) * alpha + 2 * n * part(q) * beta
