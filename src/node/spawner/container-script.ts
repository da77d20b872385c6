/**
 * The wrapper that every container runs under, in POSIX sh. It records how the container ends in the file behind descriptor 5, in one
 * short write, so that whoever comes later (a restarted agent, another spawner) still learns it. A guard beside it reads from a FIFO that
 * the spawner holds open: when the spawner is gone it waits for the next one to open it, and after GRACE seconds kills the whole group.
 *
 * Arguments: FIFO GRACE FOLDER GROUPS COMMAND ARGUMENT …. Descriptors: 3 the FIFO's reading end, 4 what the command may listen to, 5 the
 * record, and from 6 on those named in GROUPS: control groups that the command is in before it runs. The wrapper itself stays outside, so
 * that it can still record what became of a command that used too much.
 * Inside a sandbox the shell counts in the host's process namespace and its children in the pod's, so it reads nothing in /proc.
 */
export const CONTAINER_SCRIPT = `fifo=$1 grace=$2 folder=$3 groups=$4
shift 4
echo "pid $$" >&5

# Signals go to the whole group. The guard outlives all but KILL; what it leaves behind goes with the group.
guard() {
  trap '' HUP INT QUIT TERM USR1 USR2
  while :; do
    read -r _ <&3
    { sleep "$grace"; kill -9 0; } & timer=$!
    exec 3<&- 3<"$fifo"
    kill -9 $timer
  done
}
guard 4<&- 5>&- 6>&- 7>&- 8>&- 9>&- >/dev/null 2>&1 & guard=$!
# The shell's own remarks ("Killed") are none of the container's.
exec 3>&2 2>/dev/null

# The wrapper outlives them to record the end. What is trapped, unlike what is ignored, is as usual in the command.
trap : HUP INT QUIT TERM USR1 USR2
cd "$folder" 2>&3 || { echo "exited 128" >&5; kill -9 $guard; exit 128; }
unset PWD OLDPWD
(
  for group in $groups; do
    echo 0 >&$group || { echo "cannot join its control group" >&3; exit 128; }
  done
  exec "$@" 2>&3 3>&- 5>&- 6>&- 7>&- 8>&- 9>&-
)
code=$?
echo "exited $code" >&5
kill -9 $guard
# Buried here: not every machine's process 1 does it, and while the dead count, the sandbox cannot be used again.
wait $guard
exit $code
`
