#!/bin/sh
# memory.sh [options]: bytes that an idle connection keeps resident in the server, for the Ivy.Net server and the C server.
#
#   --connections N   (15000)
#   --times N         (5)
#   --ivy 'COMMAND'   this server in place of the example
#   --no-build        take Ivy.Net.Examples as it was built last
#
# Each time the server is started afresh and loaded for two seconds by 64 connections, which then go. Its memory is read; N
# connections are opened, send and get back one message each, and stay; its memory is read again. The difference, divided by N.
# Sockets are memory of the kernel and not in it; they cost the same for both.
me=memory.sh
. "$(dirname "$0")/common.sh"

connections=15000 times=5
while [ $# -gt 0 ]; do
    case $1 in
        --no-build) build=no; shift; continue ;;
        -h | --help) usage; exit 0 ;;
        --*) [ $# -gt 1 ] || die "$1 needs a value" ;;
    esac
    case $1 in
        --connections) positive "$1" "$2"; connections=$2 ;;
        --times) positive "$1" "$2"; times=$2 ;;
        --ivy) other_ivy=$2 ;;
        *) die "what is $1? Try --help." ;;
    esac
    shift 2
done

# Both ends run under this limit, each with as many descriptors as there are connections, and some of its own.
enough=$((connections + 300))
limit=$(ulimit -H -n)
[ "$limit" = unlimited ] || [ "$limit" -ge $enough ] ||
    die "$connections connections take $enough descriptors, ulimit -H -n allows $limit; raise it, or use fewer --connections"
# shellcheck disable=SC3045
limit=$(ulimit -n)
[ "$limit" = unlimited ] || [ "$limit" -ge $enough ] || ulimit -n $enough
build_peers
build_ivy

memory() {
    awk '$1 == "Rss:" { rss = $2 * 1024 } $1 == "Pss:" { pss = $2 * 1024 } $1 == "Anonymous:" { anon = $2 * 1024 }
        END { if (rss == 0) exit 1; print rss, pss, anon }' "/proc/$server/smaps_rollup" || die "cannot read /proc/$server/smaps_rollup"
}

once() {
    start_server "$2"
    "$work/echo_load" --port "$port" --seconds 2 >/dev/null || die "$1: errors while warming up"
    sleep 2
    before=$(memory)

    rm -f "$work/hold" "$work/idle.txt"    # or the last time's answer would do for this one
    mkfifo "$work/hold"
    "$work/echo_load" --port "$port" --idle "$connections" <"$work/hold" >"$work/idle.txt" &
    client=$!
    exec 9>"$work/hold"         # the client holds its connections until this end is closed
    until grep -qs "idle=$connections" "$work/idle.txt"; do
        kill -0 $client 2>/dev/null || die "$1: the client could not open $connections connections"
        sleep 0.1
    done
    sleep 1
    after=$(memory)
    set -- "$1" "$2" /proc/"$server"/fd/*
    [ $# -gt "$connections" ] || die "$1: the server has only $(($# - 2)) descriptors"
    exec 9>&-
    wait $client || true
    client=
    stop_server
    echo "$1 $before $after" >>"$work/memory.txt"
}

: >"$work/memory.txt"
i=0
while [ $i -lt "$times" ]; do
    i=$((i + 1))
    echo "$me: $i of $times" >&2
    once c "$work/echo_epoll"
    once ivy "$ivy"
done
rm -f "$work/hold"

machine
echo "commit $(commit); $connections idle connections, $times times"
awk -v connections="$connections" "$statistics"'
    {
        n[$1]++
        base[$1, n[$1]] = $2
        for (k = 0; k < 3; k++) grown[$1, k, n[$1]] = ($(5 + k) - $(2 + k)) / connections
    }
    function column(s, k,    i, m) {
        for (i = 1; i <= n[s]; i++) tmp[i] = grown[s, k, i]
        m = median(tmp, n[s])
        return sprintf("%6.0f (%.0f - %.0f)", m, tmp[1], tmp[n[s]])
    }
    END {
        printf "\n%-7s %11s   %-22s %-22s %-22s\n", "server", "before, MB", "per connection: RSS", "Pss", "anonymous, all in bytes"
        count = split("c ivy", subjects, " ")
        for (i = 1; i <= count; i++) {
            s = subjects[i]
            for (j = 1; j <= n[s]; j++) tmp[j] = base[s, j]
            printf "%-7s %11.1f   %-22s %-22s %-22s\n", s, median(tmp, n[s]) / 1e6, column(s, 0), column(s, 1), column(s, 2)
        }
    }' "$work/memory.txt"
