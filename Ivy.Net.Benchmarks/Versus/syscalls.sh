#!/bin/sh
# syscalls.sh [options]: system calls per echoed message, by name, of the Ivy.Net server and of the C server, under strace -c -f.
#
#   --messages N      counted ones (100000)
#   --connections N   (64)
#   --size BYTES      (64)
#   --depth N         (1)
#   --ivy 'COMMAND'   this server in place of the example
#   --no-build        take Ivy.Net.Examples as it was built last
#
# strace attaches after three seconds of load (so the compiler of .NET is through), counts over one run of the client, and is then
# stopped. What belongs to a connection (accept4, epoll_ctl, close) is in it, once per connection.
me=syscalls.sh
. "$(dirname "$0")/common.sh"

messages=100000 connections=64 size=64 depth=1
while [ $# -gt 0 ]; do
    case $1 in
        --no-build) build=no; shift; continue ;;
        -h | --help) usage; exit 0 ;;
        --*) [ $# -gt 1 ] || die "$1 needs a value" ;;
    esac
    case $1 in
        --messages) positive "$1" "$2"; messages=$2 ;;
        --connections) positive "$1" "$2"; connections=$2 ;;
        --size) positive "$1" "$2"; size=$2 ;;
        --depth) positive "$1" "$2"; depth=$2 ;;
        --ivy) other_ivy=$2 ;;
        *) die "what is $1? Try --help." ;;
    esac
    shift 2
done

need strace 'on Debian: apt-get install strace'
build_peers
build_ivy

count() {
    start_server "$2"
    set -- "$1" --port "$port" --connections "$connections" --size "$size" --depth "$depth"
    name=$1
    shift
    "$work/echo_load" "$@" --seconds 3 >/dev/null || die "$name: errors while warming up"

    : >"$work/strace.err"
    strace -c -f -o "$work/strace.txt" -p "$server" 2>"$work/strace.err" &
    client=$!
    tries=0
    until grep -q attached "$work/strace.err"; do
        [ $tries -lt 100 ] && kill -0 $client 2>/dev/null ||
            { cat "$work/strace.err" >&2; die 'strace cannot attach: run it as root, or set kernel.yama.ptrace_scope to 0'; }
        sleep 0.05
        tries=$((tries + 1))
    done
    sleep 0.5
    "$work/echo_load" "$@" --messages "$messages" >"$work/load.txt" || { cat "$work/load.txt" >&2; die "$name: errors"; }
    sleep 0.5
    kill -INT $client
    wait $client || true
    client=
    stop_server

    echo
    echo "$name, calls per message:"
    awk -v messages="$messages" '
        $1 ~ /^[0-9.]+$/ && $NF != "total" && NF >= 5 {
            printf "  %-16s %9.4f   %8d calls%s\n", $NF, $4 / messages, $4, NF == 6 ? ", " $5 " failed" : ""
            sum += $4
        }
        END { printf "  %-16s %9.4f   %8d calls\n", "all", sum / messages, sum }' "$work/strace.txt"
}

machine
echo "commit $(commit); $connections connections, $messages messages of $size bytes, depth $depth"
count c "$work/echo_epoll"
count ivy "$ivy"
