/**
 * Gradients and parameters travel in buckets, so that the first can leave while the last are still computed. Published weak scaling shows no
 * ring latency for each of them (the next fills while the last drains): only how many there are matters, for the last one is never hidden.
 */

/** Elements of a bucket: more with more ranks, so that each rank's piece stays large enough for a ring (Megatron-Core's bucket_size). */
const bucketElements = (ranks: number): number => Math.max(40e6, 1e6 * ranks)

export const bucketsOf = (elements: number, ranks: number): number =>
  Math.max(1, Math.ceil(elements / bucketElements(ranks)))
