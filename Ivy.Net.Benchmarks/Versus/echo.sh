#!/bin/sh
# echo.sh [options]: server CPU per echoed message, Ivy.Net beside a bare epoll server in C.
#
#   --rounds N        accepted rounds (7); gives up after twice as many
#   --seconds N       length of each measurement (3)
#   --warm N          seconds of full load before it (3)
#   --connections N   (64)
#   --size BYTES      of a message (64)
#   --depth N         messages under way on each connection (1)
#   --server-core N   (0) and --client-core N (1): should not be two threads of one physical core
#   --busy SHARE      a round is rejected if a server used less of its core than this (0.90)
#   --ivy 'COMMAND'   measure this server in place of the example; it is given --port 0 and prints `listening on HOST:PORT`
#   --beside 'COMMAND' measure this server, too, and compare it with ivy: another example, or another build
#   --spin            the client never sleeps, so that no server pays for waking it
#   --no-build        take Ivy.Net.Examples as it was built last
#   --json FILE       write all of it there, too
#
# A round starts each server afresh, in turn: c (one thread), c+idle (and a second that sleeps), ivy, c+idle once more. The next
# round begins with the next of them. README.md says how to read the table.
me=echo.sh
. "$(dirname "$0")/common.sh"

rounds=7 seconds=3 warm=3 connections=64 size=64 depth=1 server_core=0 client_core=1 busy=0.90 json= spin= beside=
while [ $# -gt 0 ]; do
    case $1 in
        --no-build) build=no; shift; continue ;;
        --spin) spin=--spin; shift; continue ;;
        -h | --help) usage; exit 0 ;;
        --*) [ $# -gt 1 ] || die "$1 needs a value" ;;
    esac
    case $1 in
        --rounds) positive "$1" "$2"; rounds=$2 ;;
        --seconds) positive "$1" "$2"; seconds=$2 ;;
        --warm) positive "$1" "$2"; warm=$2 ;;
        --connections) positive "$1" "$2"; connections=$2 ;;
        --size) positive "$1" "$2"; size=$2 ;;
        --depth) positive "$1" "$2"; depth=$2 ;;
        --server-core) server_core=$2 ;;
        --client-core) client_core=$2 ;;
        --busy) busy=$2 ;;
        --ivy) other_ivy=$2 ;;
        --beside) beside=$2 ;;
        --json) json=$2 ;;
        *) die "what is $1? Try --help." ;;
    esac
    shift 2
done

need taskset 'on Debian: apt-get install util-linux'
taskset -c "$server_core" true 2>/dev/null && taskset -c "$client_core" true 2>/dev/null && [ "$server_core" != "$client_core" ] ||
    die "it takes two cores, one for the server and one for the client (--server-core, --client-core)"
build_peers
build_ivy

siblings=$(cat "/sys/devices/system/cpu/cpu$server_core/topology/thread_siblings_list" 2>/dev/null || echo "$server_core")
case ",$siblings," in
    *,"$client_core",* | *,"$server_core-$client_core",*)
        echo "$me: cores $server_core and $client_core are threads of one physical core; they slow each other down" >&2 ;;
esac
# Not the settings of the command line tool, but those of the runtime.
env | grep -iE "^DOTNET_(gc|tiered|tc_|readytorun|processor|enable)" | sed "s/^/$me: note: /" >&2 || true

c=$work/echo_epoll
command_of() {
    case $1 in
        c) echo "$c" ;;
        c+idle | c+idle-again) echo "$c --threads-idle 1" ;;
        ivy) echo "$ivy" ;;
        beside) echo "$beside" ;;
    esac
}

# measure SUBJECT: leaves the client's line in $line; fails if it cannot be used.
measure() {
    start_server "taskset -c $server_core $(command_of "$1")"
    ok=yes
    # shellcheck disable=SC2086
    line=$(taskset -c "$client_core" "$work/echo_load" --port "$port" --connections "$connections" --size "$size" --depth "$depth" \
        --warm "$warm" --seconds "$seconds" --server-pid "$server" $spin) || ok=no
    stop_server
    printf '%-13s %s\n' "$1" "$line" | awk '{
        for (i = 2; i <= NF; i++) { split($i, a, "="); v[a[1]] = a[2] }
        printf "  %-13s %8.1f ns/message  server busy %.2f  client busy %.2f  errors %d\n",
            $1, v["server_ns_per_message"], v["server_busy"], v["client_busy"], v["errors"]
    }' >&2
    echo "$line" | awk -v ok=$ok -v busy="$busy" -v size="$size" -v depth="$depth" -v connections="$connections" -v subject="$1" '
        function reject(why) { print "  rejected: " subject ": " why > "/dev/stderr"; exit 1 }
        {
            for (i = 1; i <= NF; i++) { split($i, a, "="); v[a[1]] = a[2] }
            if (ok != "yes" || v["errors"] > 0 || v["missing_bytes"] > 0) reject("errors, or bytes that did not come back")
            # The window cuts through messages; by no more than what is under way.
            off = v["bytes"] - v["messages"] * size
            if (off < -size * depth * connections || off > size * depth * connections) reject("messages and bytes do not match")
            if (v["server_busy"] < busy) reject("the server used " v["server_busy"] " of its core: the client is too slow, or it is not alone there")
        }'
}

data=$work/echo.txt
: >"$data"
accepted=0 tried=0
while [ $accepted -lt "$rounds" ] && [ $tried -lt $((rounds * 2)) ]; do
    echo "$me: round $((accepted + 1)) of $rounds" >&2
    case $((tried % 4)) in
        0) order='c c+idle ivy c+idle-again' ;;
        1) order='c+idle ivy c+idle-again c' ;;
        2) order='ivy c+idle-again c c+idle' ;;
        3) order='c+idle-again c c+idle ivy' ;;
    esac
    [ -z "$beside" ] || case $((tried % 2)) in
        0) order=$(echo "$order" | sed 's/\<ivy\>/ivy beside/') ;;
        1) order=$(echo "$order" | sed 's/\<ivy\>/beside ivy/') ;;
    esac
    tried=$((tried + 1))
    good=yes
    : >"$work/round.txt"
    for subject in $order; do
        measure "$subject" || good=no
        echo "round=$((accepted + 1)) subject=$subject $line" >>"$work/round.txt"
    done
    [ $good = yes ] || continue
    cat "$work/round.txt" >>"$data"
    accepted=$((accepted + 1))
done

about="$(machine); $(date -u +%Y-%m-%dT%H:%MZ); commit $(commit)"
parameters="connections $connections, size $size, depth $depth, $seconds s after $warm s"
parameters="$parameters; server on core $server_core, client on core $client_core${spin:+, spinning}"
echo "$about"
echo "$parameters"
[ -z "$other_ivy" ] || echo "ivy is: $other_ivy"
[ -z "$beside" ] || echo "beside is: $beside"
echo "rounds: $accepted accepted, $((tried - accepted)) rejected"
[ $accepted -gt 0 ] || die 'no round was accepted'

awk -v beside="$beside" -v about="$about" -v parameters="$parameters" -v rejected=$((tried - accepted)) -v json="$json" "$statistics"'
    {
        for (i = 1; i <= NF; i++) { at = index($i, "="); v[substr($i, 1, at - 1)] = substr($i, at + 1) }
        s = v["subject"]; r = v["round"] + 0; n = r
        for (key in v) seen[key, s, r] = v[key]

        object = ""
        for (i = 1; i <= NF; i++) {
            at = index($i, "="); key = substr($i, 1, at - 1); value = substr($i, at + 1)
            object = object (i > 1 ? ", " : "") "\"" key "\": " (key == "subject" ? "\"" value "\"" : value)
        }
        objects = objects (NR > 1 ? ",\n" : "") "    {" object "}"
    }
    function med(what, who,    r) {
        for (r = 1; r <= n; r++) tmp[r] = seen[what, who, r] + 0
        return median(tmp, n)
    }
    function ratio(label, key, above, below,    r, m) {
        for (r = 1; r <= n; r++) tmp[r] = seen["server_ns_per_message", above, r] / seen["server_ns_per_message", below, r]
        m = median(tmp, n)
        printf "%-24s %6.3f   %6.3f - %.3f\n", label, m, tmp[1], tmp[n]
        ratios = ratios (ratios == "" ? "" : ", ") sprintf("\"%s\": {\"median\": %.4f, \"min\": %.4f, \"max\": %.4f}", key, m, tmp[1], tmp[n])
    }
    END {
        printf "\n%-14s %8s   %-19s %11s %9s %9s %9s %6s\n", "server", "ns/msg", "min - max", "messages/s", "p50 us", "p99 us", "p99.9 us", "busy"
        count = split("c c+idle ivy" (beside == "" ? "" : " beside") " c+idle-again", subjects, " ")
        for (i = 1; i <= count; i++) {
            s = subjects[i]
            rates = med("messages_per_second", s); a = med("p50_us", s); b = med("p99_us", s); c = med("p999_us", s)
            d = med("server_busy", s); m = med("server_ns_per_message", s)
            printf "%-14s %8.1f   %8.1f - %-8.1f %11.0f %9.1f %9.1f %9.1f %6.2f\n", s, m, tmp[1], tmp[n], rates, a, b, c, d
        }
        printf "\n%-24s %6s   %s\n", "CPU per message", "median", "min - max of the rounds"
        ratio("ivy / c", "ivy/c", "ivy", "c")
        ratio("ivy / c+idle", "ivy/c+idle", "ivy", "c+idle")
        if (beside != "") ratio("beside / ivy", "beside/ivy", "beside", "ivy")
        ratio("c+idle / itself (noise)", "noise", "c+idle-again", "c+idle")
        if (json == "") exit
        printf "{\n  \"machine\": \"%s\",\n  \"parameters\": \"%s\",\n  \"rejected\": %d,\n", about, parameters, rejected > json
        printf "  \"ratios\": {%s},\n  \"runs\": [\n%s\n  ]\n}\n", ratios, objects > json
    }' "$data"

[ $accepted -eq "$rounds" ] || die "only $accepted of $rounds rounds were accepted: the machine is not quiet enough, or the client is too slow"
