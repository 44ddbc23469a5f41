#!/bin/sh
# startup.sh [options]: milliseconds from starting the process to its line "listening on".
#
#   --times N         (11), interleaved, after one of each that does not count
#   --no-build        take Ivy.Net.Examples as it was built last
#
# Not bound to a core. The files are in the page cache: it is a warm start.
me=startup.sh
. "$(dirname "$0")/common.sh"

times=11
while [ $# -gt 0 ]; do
    case $1 in
        --no-build) build=no; shift ;;
        -h | --help) usage; exit 0 ;;
        --times) [ $# -gt 1 ] || die "$1 needs a value"; positive "$1" "$2"; times=$2; shift 2 ;;
        *) die "what is $1? Try --help." ;;
    esac
done

need dotnet 'install the .NET 10 SDK (https://dot.net/download) and put it on the PATH'
build_peers
build_ivy

: >"$work/startup.txt"
once() {
    name=$1
    shift
    ms=$("$work/time_to_line" "$text" "$@" --port 0) || die "$name did not start"
    [ $i -eq 0 ] || echo "$name $ms" >>"$work/startup.txt"
}

i=0
while [ $i -le "$times" ]; do
    once c "$work/echo_epoll"
    once ivy-apphost "$bin/Ivy.Net.Examples" echo
    once ivy-dotnet-exec dotnet exec "$bin/Ivy.Net.Examples.dll" echo
    i=$((i + 1))
done

machine
echo "commit $(commit); $times starts"
awk "$statistics"'
    { if (!n[$1]++) names[++count] = $1; ms[$1, n[$1]] = $2 }
    END {
        printf "\n%-16s %10s   %s\n", "server", "median ms", "min - max"
        for (k = 1; k <= count; k++) {
            s = names[k]
            for (i = 1; i <= n[s]; i++) tmp[i] = ms[s, i]
            m = median(tmp, n[s])
            printf "%-16s %10.1f   %.1f - %.1f\n", s, m, tmp[1], tmp[n[s]]
        }
    }' "$work/startup.txt"
