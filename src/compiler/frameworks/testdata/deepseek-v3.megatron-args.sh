# The plan of deepseek-v3 for Megatron-LM (megatron-core 0.19). Made by `solvent compile --for megatron`.
# source megatron-args.sh
# torchrun --nnodes 256 --rdzv-backend c10d --rdzv-endpoint "$MASTER_ADDR:$MASTER_PORT" --nproc-per-node 8 pretrain_gpt.py "${PLAN[@]}" …
PLAN=(
  # parallelism
  --tensor-model-parallel-size 1
  --context-parallel-size 1
  --pipeline-model-parallel-size 16
  --expert-model-parallel-size 64
  --expert-tensor-parallel-size 1
  # pipeline
  --pipeline-model-parallel-layout 'Et*2|(t*2|)*28t|t|tmL'
  # batch
  --micro-batch-size 1
  --global-batch-size 8192
  --seq-length 4096
  # data parallelism
  --use-distributed-optimizer
  --overlap-grad-reduce
  --overlap-param-gather
  # recompute and offload
  --recompute-granularity selective
  --recompute-modules mla_up_proj layernorm
  # precision
  --bf16
  --fp8-format hybrid
  --fp8-recipe blockwise
  --accumulate-allreduce-grads-in-fp32
  # optimizer
  --optimizer adam
  --use-precision-aware-optimizer
  --exp-avg-dtype bf16
  --exp-avg-sq-dtype bf16
  # experts
  --moe-token-dispatcher-type flex
  --moe-flex-dispatcher-backend hybridep
  --moe-grouped-gemm
  --moe-router-fusion
  --moe-permute-fusion
  # kernels and overlap
  --attention-backend flash
  --cross-entropy-loss-fusion
  # model
  --num-layers 61
  --mtp-num-layers 1
  --hidden-size 7168
  --ffn-hidden-size 18432
  --swiglu
  --multi-latent-attention
  --num-attention-heads 128
  --q-lora-rank 1536
  --kv-lora-rank 512
  --qk-head-dim 128
  --qk-pos-emb-head-dim 64
  --v-head-dim 128
  --qk-layernorm
  --disable-bias-linear
  --num-experts 256
  --moe-router-topk 8
  --moe-ffn-hidden-size 2048
  --moe-shared-expert-intermediate-size 2048
  --moe-router-num-groups 8
  --moe-router-group-topk 4
  --moe-router-score-function sigmoid
  --moe-router-enable-expert-bias
  --moe-router-topk-scaling-factor 2.5
  --moe-router-dtype fp32
  --moe-layer-freq '([0]*3+[1]*58)'
  --max-position-embeddings 163840
  --position-embedding-type rope
  --rotary-base 10000
  --normalization RMSNorm
  --norm-epsilon 0.000001
  --untie-embeddings-and-output-weights
  --vocab-size 129280
  --attention-dropout 0
  --hidden-dropout 0
)
