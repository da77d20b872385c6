/**
 * The program that starts the ranks of one pod, as POSIX sh: it runs in any image and needs nothing but a shell. It lies in the plan
 * ConfigMap beside the plan. With one rank a pod it becomes that rank; with several it is their parent, as torchrun is
 * (pytorch: torch/distributed/elastic/agent): one that fails ends the others, and its exit code is the pod's.
 *
 * usage: launcher.sh COMMAND ARGUMENT…         a program of the image
 *        launcher.sh --node ARGUMENT…          the bundled one from the code ConfigMap
 */
export const LAUNCHER_KEY = 'launcher.sh'

export const LAUNCHER = `#!/bin/sh
# Starts the ranks of one pod. Written by Solvent; changes here are lost.
root=$SOLVENT_ROOT
scratch=$root/var/solvent/scratch
[ -w "$scratch" ] || scratch=$(mktemp -d) || exit 1
export SOLVENT_PLAN="$root/etc/solvent/plan/plan.json"
[ -n "$SOLVENT_RENDEZVOUS_SECONDS" ] || SOLVENT_RENDEZVOUS_SECONDS=60
[ -n "$SOLVENT_GRACE_SECONDS" ] || SOLVENT_GRACE_SECONDS=10

say() { echo "launcher: $*" >&2; }
nap() { sleep "$1" 2>/dev/null || sleep 1; }

# The address of a name in this pod's hosts file, for hosts whose own resolver does not know the cluster's names.
address_in_hosts() {
  [ -r "$root/etc/hosts" ] || return 1
  while read -r address names; do
    for name in $names; do
      if [ "$name" = "$1" ]; then echo "$address"; return 0; fi
    done
  done < "$root/etc/hosts"
  return 1
}

# All pods of a gang start together: the name of the first one may be there a moment later than this pod.
find_master() {
  tries=$((SOLVENT_RENDEZVOUS_SECONDS * 10))
  while :; do
    if [ -n "$root" ] && found=$(address_in_hosts "$MASTER_ADDR"); then MASTER_ADDR=$found; return; fi
    if command -v getent >/dev/null 2>&1; then
      getent hosts "$MASTER_ADDR" >/dev/null 2>&1 && return
    elif [ -z "$root" ]; then
      return
    fi
    tries=$((tries - 1))
    if [ "$tries" -le 0 ]; then say "$MASTER_ADDR has no address; starting without"; return; fi
    nap 0.1
  done
}

find_master
export MASTER_ADDR

if [ "$1" = --node ]; then
  shift
  packed=$root/etc/solvent/code/main.mjs.gz
  program=$scratch/main.mjs
  gzip -dc < "$packed" > "$program" 2>/dev/null ||
    node -e 'const [from, to] = process.argv.slice(1), fs = require("node:fs")
      fs.writeFileSync(to, require("node:zlib").gunzipSync(fs.readFileSync(from)))' "$packed" "$program" || exit 1
  set -- node "$program" "$@"
fi

if [ "$LOCAL_WORLD_SIZE" -eq 1 ]; then exec "$@"; fi

failure=$scratch/failure
reaping=$scratch/reaping
rm -f "$failure" "$reaping" "$scratch"/watched-* "$scratch"/started-*
first=$((GROUP_RANK * LOCAL_WORLD_SIZE))

# TERM for process $2, which made file $1 when it was ready for it: a shell that has just been forked loses a signal (dash does).
hand_term() {
  while [ ! -e "$1" ] && kill -0 "$2" 2>/dev/null; do nap 0.02; done
  kill -TERM "$2" 2>/dev/null
}

# TERM is handed on to the rank, once, or as soon as there is one.
end_rank() {
  ended=1
  [ -n "$child" ] && [ -z "$told" ] || return 0
  told=1
  hand_term "$started" "$child"
}

# One rank and its parent. USR2 ends a rank that does not listen.
run_rank() {
  child=
  ended=
  told=
  trap end_rank TERM
  trap '[ -z "$child" ] || kill -KILL "$child" 2>/dev/null' USR2
  export LOCAL_RANK="$1" RANK=$((first + $1))
  shift
  started=$scratch/started-$LOCAL_RANK
  : > "$scratch/watched-$LOCAL_RANK"
  (: > "$started" && exec "$@") &
  child=$!
  [ -z "$ended" ] || end_rank
  wait "$child"
  code=$?
  # A signal to this shell ends wait early; while the rank is there its own code is still to come.
  while kill -0 "$child" 2>/dev/null; do
    wait "$child"
    code=$?
  done
  if [ "$code" -ne 0 ]; then
    # The first to fail is the cause; the others fall with it.
    if (set -C; echo "$code" > "$failure") 2>/dev/null && [ -z "$ended" ]; then
      say "rank $RANK ended with code $code; ending the others"
    fi
    kill -USR1 "$$" 2>/dev/null
  fi
  exit "$code"
}

# Ends what does not end by itself.
reap() {
  clock=
  trap 'kill "$clock" 2>/dev/null; exit' TERM
  sleep "$SOLVENT_GRACE_SECONDS" &
  clock=$!
  : > "$reaping"
  wait "$clock"
  kill -0 "$$" 2>/dev/null && kill -USR2 $ranks 2>/dev/null
}

ranks=
complete=
wanted=
reaper=
# Asked for while ranks are still being started, it waits until all are there.
end_ranks() {
  wanted=1
  [ -n "$complete" ] && [ -z "$reaper" ] || return 0
  reaper=none
  number=0
  for doomed in $ranks; do
    hand_term "$scratch/watched-$number" "$doomed"
    number=$((number + 1))
  done
  reap >/dev/null 2>&1 &
  reaper=$!
}
trap end_ranks USR1 TERM INT

local_rank=0
while [ "$local_rank" -lt "$LOCAL_WORLD_SIZE" ]; do
  run_rank "$local_rank" "$@" &
  ranks="$ranks $!"
  local_rank=$((local_rank + 1))
done
complete=1
[ -z "$wanted" ] || end_ranks

for rank in $ranks; do
  while kill -0 "$rank" 2>/dev/null; do wait "$rank"; done
done
[ -z "$reaper" ] || hand_term "$reaping" "$reaper"
[ -s "$failure" ] && exit "$(cat "$failure")"
exit 0
`
