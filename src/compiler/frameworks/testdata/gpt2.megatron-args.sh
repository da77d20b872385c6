# The plan of gpt2 for Megatron-LM (megatron-core 0.19). Made by `solvent compile --for megatron`.
# source megatron-args.sh
# torchrun --standalone --nproc-per-node 8 pretrain_gpt.py "${PLAN[@]}" …
PLAN=(
  # parallelism
  --tensor-model-parallel-size 1
  --context-parallel-size 1
  --pipeline-model-parallel-size 1
  # batch
  --micro-batch-size 4
  --global-batch-size 64
  --seq-length 1024
  # data parallelism
  --overlap-grad-reduce
  # precision
  --bf16
  --accumulate-allreduce-grads-in-fp32
  # optimizer
  --optimizer adam
  # kernels and overlap
  --attention-backend flash
  --cross-entropy-loss-fusion
  # model
  --num-layers 48
  --hidden-size 1600
  --ffn-hidden-size 6400
  --num-attention-heads 25
  --max-position-embeddings 1024
  --position-embedding-type learned_absolute
  --normalization LayerNorm
  --norm-epsilon 0.00001
  --vocab-size 50257
  --attention-dropout 0
  --hidden-dropout 0
)
