# The plan of fsdp-8b for Megatron-LM (megatron-core 0.19). Made by `solvent compile --for megatron`.
# source megatron-args.sh
# torchrun --nnodes 2 --rdzv-backend c10d --rdzv-endpoint "$MASTER_ADDR:$MASTER_PORT" --nproc-per-node 8 pretrain_gpt.py "${PLAN[@]}" …
PLAN=(
  # parallelism
  --tensor-model-parallel-size 1
  --context-parallel-size 1
  --pipeline-model-parallel-size 1
  # batch
  --micro-batch-size 2
  --global-batch-size 128
  --seq-length 8192
  # data parallelism
  --use-distributed-optimizer
  --overlap-grad-reduce
  --overlap-param-gather
  --use-megatron-fsdp
  --data-parallel-sharding-strategy optim_grads_params
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
  # kernels and overlap
  --attention-backend flash
  --cross-entropy-loss-fusion
  # model
  --num-layers 32
  --hidden-size 4096
  --ffn-hidden-size 14336
  --swiglu
  --num-attention-heads 32
  --group-query-attention
  --num-query-groups 8
  --disable-bias-linear
  --max-position-embeddings 131072
  --position-embedding-type rope
  --rotary-base 500000
  --normalization RMSNorm
  --norm-epsilon 0.00001
  --untie-embeddings-and-output-weights
  --vocab-size 128256
  --attention-dropout 0
  --hidden-dropout 0
)
