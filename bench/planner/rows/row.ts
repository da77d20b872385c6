/** A published run as `rows.jsonl` holds it (schema: ../shared/planner/data.md). Everything may be null: pages leave out what they take for granted. */

export interface RowModel {
  readonly name: string
  readonly kind: string | null
  readonly layers: number | null
  readonly hidden: number | null
  readonly ffn_hidden: number | null
  readonly heads: number | null
  readonly kv_heads: number | null
  readonly head_dim?: number | null
  readonly vocab?: number | null
  readonly experts?: number | null
  readonly topk?: number | null
  readonly shared_experts?: number | null
  readonly moe_ffn_hidden?: number | null
  readonly moe_layer_pattern?: string | null
  readonly tied_embeddings?: boolean | null
  readonly activation?: string | null
  readonly mla?: {
    readonly q_lora_rank: number | null
    readonly kv_lora_rank: number
    readonly qk_nope_head_dim: number
    readonly qk_rope_head_dim: number
    readonly v_head_dim: number
  } | null
}

export interface Row {
  readonly id: string
  readonly source_group: string
  readonly source?: string
  readonly year?: number | null
  readonly task?: string | null
  readonly status?: string | null
  readonly quality?: string | null
  readonly model: RowModel
  readonly hardware: {
    readonly gpu: string | null
    readonly gpus: number | null
    readonly gpus_per_node?: number | null
    readonly intra_bw?: string | number | null
    readonly inter_bw?: string | number | null
    readonly system?: string | null
  }
  readonly seq: number | null
  readonly global_batch: number | null
  readonly micro_batch: number | null
  readonly grad_accum?: number | null
  readonly tp?: number | null
  readonly pp?: number | null
  readonly vpp?: number | null
  readonly dp?: number | null
  readonly cp?: number | null
  readonly ep?: number | null
  readonly etp?: number | null
  readonly zero_stage?: number | null
  readonly fsdp?: string | null
  readonly shard_group?: number | null
  readonly sequence_parallel?: boolean | null
  readonly recompute?: string | null
  readonly recompute_detail?: string | null
  readonly precision?: string | null
  readonly precision_detail?: string | null
  readonly flash_attention?: boolean | null
  readonly software?: string | null
  readonly notes?: string | null
  readonly measured?: {
    readonly step_time_s?: number | null
    readonly mfu?: number | null
    readonly hfu?: number | null
    readonly peak_mem_gb?: number | null
    readonly peak_mem_unit?: string | null
  } | null
  readonly derived?: { readonly step_time_s?: number | null; readonly derived_from?: string | null } | null
}

/** One JSON object a line; empty lines are skipped. */
export const parseRows = (text: string): readonly Row[] =>
  text
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => JSON.parse(line) as Row)
