# The plan of hybrid-8b for Megatron-LM (megatron-core 0.19). Made by `solvent compile --for megatron`.
# source megatron-args.sh
# torchrun --nnodes 4 --rdzv-backend c10d --rdzv-endpoint "$MASTER_ADDR:$MASTER_PORT" --nproc-per-node 8 pretrain_hybrid.py "${PLAN[@]}" …
export CUDA_DEVICE_MAX_CONNECTIONS=1
PLAN=(
  # parallelism
  --tensor-model-parallel-size 2
  --sequence-parallel
  --context-parallel-size 1
  --pipeline-model-parallel-size 2
  # batch
  --micro-batch-size 1
  --global-batch-size 128
  --seq-length 8192
  # data parallelism
  --use-distributed-optimizer
  --overlap-grad-reduce
  --overlap-param-gather
  # precision
  --bf16
  --accumulate-allreduce-grads-in-fp32
  # optimizer
  --optimizer adam
  # kernels and overlap
  --attention-backend flash
  --cross-entropy-loss-fusion
  # model
  --hybrid-layer-pattern 'M-M-M-M*-M-M-M-M-M*-M-M-M-|M-M*-M-M-M-M-M*-M-M-M-M-M-'
  --hidden-size 4096
  --ffn-hidden-size 21504
  --squared-relu
  --num-attention-heads 32
  --group-query-attention
  --num-query-groups 8
  --disable-bias-linear
  --mamba-num-heads 128
  --mamba-head-dim 64
  --mamba-state-dim 128
  --mamba-num-groups 8
  --max-position-embeddings 8192
  --position-embedding-type none
  --normalization RMSNorm
  --norm-epsilon 0.00001
  --untie-embeddings-and-output-weights
  --vocab-size 131072
  --attention-dropout 0
  --hidden-dropout 0
)
