# The plan of experts-qwen3 for Megatron-LM (megatron-core 0.19). Made by `solvent compile --for megatron`.
# source megatron-args.sh
# torchrun --nnodes 2 --rdzv-backend c10d --rdzv-endpoint "$MASTER_ADDR:$MASTER_PORT" --nproc-per-node 8 pretrain_gpt.py "${PLAN[@]}" …
PLAN=(
  # parallelism
  --tensor-model-parallel-size 1
  --context-parallel-size 1
  --pipeline-model-parallel-size 1
  --expert-model-parallel-size 8
  --expert-tensor-parallel-size 1
  # batch
  --micro-batch-size 1
  --global-batch-size 256
  --seq-length 4096
  # data parallelism
  --use-distributed-optimizer
  --overlap-grad-reduce
  --overlap-param-gather
  --use-megatron-fsdp
  --data-parallel-sharding-strategy optim_grads
  --ckpt-format fsdp_dtensor
  # recompute and offload
  --recompute-granularity full
  --recompute-method uniform
  --recompute-num-layers 1
  # precision
  --bf16
  --accumulate-allreduce-grads-in-fp32
  # optimizer
  --optimizer adam
  # experts
  --moe-token-dispatcher-type flex
  --moe-flex-dispatcher-backend deepep
  --moe-grouped-gemm
  --moe-router-fusion
  --moe-permute-fusion
  # kernels and overlap
  --attention-backend flash
  --cross-entropy-loss-fusion
  # model
  --num-layers 48
  --hidden-size 2048
  --ffn-hidden-size 768
  --swiglu
  --num-attention-heads 32
  --group-query-attention
  --num-query-groups 4
  --kv-channels 128
  --disable-bias-linear
  --qk-layernorm
  --num-experts 128
  --moe-router-topk 8
  --moe-ffn-hidden-size 768
  --moe-router-dtype fp32
  --max-position-embeddings 40960
  --position-embedding-type rope
  --rotary-base 1000000
  --normalization RMSNorm
  --norm-epsilon 0.000001
  --untie-embeddings-and-output-weights
  --vocab-size 151936
  --attention-dropout 0
  --hidden-dropout 0
)
