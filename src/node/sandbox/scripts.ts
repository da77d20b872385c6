/**
 * The two small shell scripts behind a sandbox (POSIX sh; util-linux' `unshare`, `mount`, `pivot_root`).
 *
 * START runs in the machine's own namespaces: it starts the holder, wires its network and ends when the sandbox is ready. HOLDER is process 1 of the
 * sandbox: everything inside dies with it. It uses only what is built into the shell, so that it never has a child of its own among the pod's
 * processes, and it takes orders, a line each, from a FIFO that the server holds open. When the server is gone it waits a while for the next one and
 * ends: whatever is killed, no sandbox stays behind. SIGCHLD is ignored so that the kernel buries the pod's orphans.
 */

/**
 * Arguments: slot, FIFO of answers, file of the holder, seconds without a server, the switch's network namespace or nothing, options for unshare.
 * Standard input: lines for `ip -batch` there.
 * Prints `PID START-TIME`.
 */
export const START = `slot=$1 acks=$2 holder=$3 patience=$4 switch=$5
shift 5
PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin
cd "$slot" && mkfifo -m 600 control ready || exit 1
wiring=$(while IFS= read -r line; do echo "$line"; done)
setsid unshare "$@" sh "$holder" "$slot" "$acks" "$patience" "$switch" </dev/null >holder.log 2>&1 9>ready &
exec 3<ready
failed() { while IFS= read -r line; do echo "$line" >&2; done <holder.log; exit 1; }
read -r pid start <&3 || failed
if [ -n "$switch" ]; then
  eval "cat <<EOF
$wiring
EOF" | nsenter --net="$switch" ip -batch - || { kill -9 "$pid"; exit 1; }
fi
exec 5>control
echo "go 0" >&5
read -r word <&3 || failed
echo "$pid $start"
`

export const HOLDER = `slot=$1 acks=$2 patience=$3 wired=$4
PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin
id=\${slot##*/}
# Process id and start time as the machine sees them: /proc is still its own.
read -r pid _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ start _ </proc/self/stat
echo "$pid $start" >"$slot/holder"
exec 4<>"$acks"
# The pods' network has no IPv6 but on the loopback: an interface would announce itself for seconds.
[ -z "$wired" ] || echo 1 2>/dev/null >/proc/sys/net/ipv6/conf/default/disable_ipv6
echo "$pid $start" >&9
expire() {
  trap 'kill $sleeper; exit' TERM
  sleep "$patience" &
  sleeper=$!
  wait $sleeper
  echo "exit 0" >"$slot/control"
}
# In a user namespace the file is not ours to write, but the call is ours to make.
rename() {
  { echo "$text" >/proc/sys/kernel/hostname; } 2>/dev/null && return
  trap - CHLD
  hostname "$text"
  trap '' CHLD
}
# What a pod can leave in the sandbox itself: mounts of its own, and new names in the root and in the covers. Counted, not named.
look() {
  set -- /* /.[!.]* /.solvent/*/upper/* /.solvent/*/upper/*/* /.solvent/*/upper/*/*/*
  trace=$#
  while read -r _; do trace=$((trace + 1000)); done </proc/self/mountinfo
}
# Kills until nobody is left; a process that is still ending, or that its parent outside has not buried yet, counts: then the answer is busy.
clean() {
  left=100
  while kill -9 -1; do
    left=$((left - 1))
    [ $left -gt 0 ] || { answer=busy; return; }
  done 2>/dev/null
  answer=clean
  before=$trace
  look
  [ "$trace" = "$before" ] || { answer=changed; return; }
  [ -n "$wired" ] || return
  # A connection that outlives its process (TIME_WAIT) would hold its port against the next pod.
  for file in /proc/net/sockstat /proc/net/sockstat6; do
    while read -r what _ inuse _ _ _ tw _; do
      case $what in TCP:|TCP6:) [ "$inuse" = 0 ] && [ "\${tw:-0}" = 0 ] || answer=connected ;; esac
    done <$file
  done
}
while :; do
  trap - CHLD
  expire 3<&- 9>&- </dev/null &
  expiry=$!
  exec 3<"$slot/control"
  kill $expiry
  wait $expiry
  trap '' CHLD
  while read -r verb number text <&3; do
    case $verb in
      go) trap - CHLD; . "$slot/setup.sh" || exit 1; trap '' CHLD; look; echo ready >&9; exec 9>&-; continue ;;
      name) rename; answer=named ;;
      clean) clean ;;
      exit) exit 0 ;;
    esac
    echo "$id $number $answer" >&4
  done
done
`
