/** On how many nodes the experts of one token lie, which is how often a dispatcher that sends one copy a node sends it. */

/** Experts lie in `groups`, and a token's `topK` come from the best `limit` of them (node-limited routing, DeepSeek-V3). */
export interface GroupLimit {
  readonly groups: number
  readonly limit: number
}

/**
 * Expected number of distinct nodes (or ranks: any even cut of the experts) that `topK` of `experts` touch with uniform routing:
 * N (1 - C(E - E/N, K) / C(E, K)). With a limit: the same among the experts and the nodes of the groups that were chosen.
 */
export function distinctNodes(experts: number, topK: number, nodes: number, routing?: GroupLimit): number {
  if (nodes <= 1) return 1
  if (!routing || routing.limit >= routing.groups) return nodes * (1 - missed(experts, experts / nodes, topK))
  const { groups, limit } = routing
  const open = groups >= nodes ? nodes * (1 - missed(groups, groups / nodes, limit)) : (nodes * limit) / groups
  const openExperts = (experts * limit) / groups
  return open <= 1 ? 1 : open * (1 - missed(openExperts, openExperts / open, topK))
}

/** The chance that none of `draws` different ones of `all` is among `part` of them: C(all - part, draws) / C(all, draws). */
function missed(all: number, part: number, draws: number): number {
  let chance = 1
  for (let i = 0; i < draws; i++) chance *= Math.max(0, all - part - i) / (all - i)
  return chance
}
