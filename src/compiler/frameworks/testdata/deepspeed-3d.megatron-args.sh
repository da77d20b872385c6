# The plan of deepspeed-3d for Megatron-LM (megatron-core 0.19). Made by `solvent compile --for megatron`.
# source megatron-args.sh
# torchrun --nnodes 8 --rdzv-backend c10d --rdzv-endpoint "$MASTER_ADDR:$MASTER_PORT" --nproc-per-node 8 pretrain_gpt.py "${PLAN[@]}" …
export CUDA_DEVICE_MAX_CONNECTIONS=1
PLAN=(
  # parallelism
  --tensor-model-parallel-size 4
  --context-parallel-size 1
  --pipeline-model-parallel-size 4
  # batch
  --micro-batch-size 1
  --global-batch-size 128
  --seq-length 4096
  # data parallelism
  --use-distributed-optimizer
  --overlap-grad-reduce
  --overlap-param-gather
  # recompute and offload
  --recompute-granularity full
  --recompute-method uniform
  --recompute-num-layers 1
  # precision
  --bf16
  --grad-reduce-in-bf16
  # optimizer
  --optimizer adam
  # kernels and overlap
  --attention-backend flash
  --cross-entropy-loss-fusion
  # model
  --num-layers 80
  --hidden-size 8192
  --ffn-hidden-size 28672
  --swiglu
  --num-attention-heads 64
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
