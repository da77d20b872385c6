# The plan of experts-mixtral for Megatron-LM (megatron-core 0.19). Made by `solvent compile --for megatron`.
# source megatron-args.sh
# torchrun --nnodes 8 --rdzv-backend c10d --rdzv-endpoint "$MASTER_ADDR:$MASTER_PORT" --nproc-per-node 8 pretrain_gpt.py "${PLAN[@]}" …
export CUDA_DEVICE_MAX_CONNECTIONS=1
PLAN=(
  # parallelism
  --tensor-model-parallel-size 2
  --sequence-parallel
  --context-parallel-size 1
  --pipeline-model-parallel-size 2
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
  # recompute and offload
  --recompute-granularity selective
  --recompute-modules moe_act
  # precision
  --bf16
  --accumulate-allreduce-grads-in-fp32
  # optimizer
  --optimizer adam
  # experts
  --moe-token-dispatcher-type alltoall
  --moe-grouped-gemm
  --moe-router-fusion
  --moe-permute-fusion
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
  --num-experts 8
  --moe-router-topk 2
  --moe-ffn-hidden-size 14336
  --moe-router-dtype fp32
  --max-position-embeddings 32768
  --position-embedding-type rope
  --rotary-base 1000000
  --normalization RMSNorm
  --norm-epsilon 0.00001
  --untie-embeddings-and-output-weights
  --vocab-size 32000
  --attention-dropout 0
  --hidden-dropout 0
)
