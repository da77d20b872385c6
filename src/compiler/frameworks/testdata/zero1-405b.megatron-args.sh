# The plan of zero1-405b for Megatron-LM (megatron-core 0.19). Made by `solvent compile --for megatron`.
# source megatron-args.sh
# torchrun --nnodes 2048 --rdzv-backend c10d --rdzv-endpoint "$MASTER_ADDR:$MASTER_PORT" --nproc-per-node 8 pretrain_gpt.py "${PLAN[@]}" …
export CUDA_DEVICE_MAX_CONNECTIONS=1
PLAN=(
  # parallelism
  --tensor-model-parallel-size 8
  --sequence-parallel
  --context-parallel-size 1
  --pipeline-model-parallel-size 16
  # pipeline
  --pipeline-model-parallel-layout 'E|(t|)*126L'
  # batch
  --micro-batch-size 1
  --global-batch-size 2048
  --seq-length 8192
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
  --accumulate-allreduce-grads-in-fp32
  # optimizer
  --optimizer adam
  # kernels and overlap
  --attention-backend flash
  --cross-entropy-loss-fusion
  # model
  --num-layers 126
  --hidden-size 16384
  --ffn-hidden-size 53248
  --swiglu
  --num-attention-heads 128
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
