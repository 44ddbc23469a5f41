# What the scripts of this folder share. Each sets `me` and sources it.
# shellcheck shell=sh

set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/artifacts/versus
bin=$root/artifacts/bin/Ivy.Net.Examples/release
text='listening on'
server= client= other_ivy= build=yes
mkdir -p "$work"

die() {
    echo "$me: $*" >&2
    exit 1
}

# The head of the script is its manual.
usage() {
    awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$0"
}

need() {
    command -v "$1" >/dev/null || die "$1 is missing; $2"
}

positive() {
    case $2 in
        '' | *[!0-9]* | 0) die "$1 needs a number above 0" ;;
    esac
}

build_peers() {
    need gcc 'on Debian: apt-get install gcc libc6-dev'
    for source in "$here/Peers/echo_epoll.c" "$here/Peers/echo_load.c" "$here/Peers/time_to_line.c"; do
        target=$work/$(basename "$source" .c)
        [ "$target" -nt "$source" ] || gcc -O2 -std=gnu11 -Wall -Wextra -pthread -o "$target" "$source" || die "gcc failed (libc6-dev may be missing)"
    done
}

build_ivy() {
    ivy="$bin/Ivy.Net.Examples echo"
    if [ -n "$other_ivy" ]; then
        ivy=$other_ivy
    elif [ $build = yes ]; then
        need dotnet 'install the .NET 10 SDK (https://dot.net/download) and put it on the PATH'
        echo "$me: building Ivy.Net.Examples" >&2
        dotnet build "$root/Ivy.Net.Examples" -c Release --nologo -v quiet >"$work/build.log" 2>&1 ||
            { cat "$work/build.log" >&2; die 'the build failed'; }
    elif [ ! -x "$bin/Ivy.Net.Examples" ]; then
        die "--no-build, but there is no $bin/Ivy.Net.Examples"
    fi
}

# start_server COMMAND...: starts it on a free port and waits until it listens; sets server (a process id) and port.
# Of a command line with blanks in it every word is an argument.
start_server() {
    : >"$work/server.out"       # now: what runs in the background empties it when it gets to it
    # shellcheck disable=SC2086
    $1 --port 0 >"$work/server.out" 2>&1 &
    server=$!
    port= tries=0
    while [ -z "$port" ]; do
        [ $tries -lt 300 ] && kill -0 $server 2>/dev/null || { cat "$work/server.out" >&2; die "it does not listen: $1"; }
        sleep 0.05
        tries=$((tries + 1))
        port=$(sed -n "s/.*$text [^ ]*:\([0-9][0-9]*\).*/\1/p" "$work/server.out")
    done
    [ "$port" != 0 ] || die "it says port 0, not the one that it got: $1"
}

stop_server() {
    [ -n "$server" ] || return 0
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
}

cleanup() {
    [ -z "$client" ] || kill "$client" 2>/dev/null || true
    stop_server
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

machine() {
    echo "kernel $(uname -sr); $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1); $(getconf _NPROCESSORS_ONLN) cores"
}

commit() {
    hash=$(git -C "$root" rev-parse --short HEAD 2>/dev/null) || hash=unknown
    [ -z "$(git -C "$root" status --porcelain 2>/dev/null)" ] || hash="$hash (modified)"
    echo "$hash"
}

# For awk: sort(values, n) from 1 to n; median(values, n) sorts, too.
statistics='
function sort(values, n,    i, j, v) {
    for (i = 2; i <= n; i++) {
        v = values[i]
        for (j = i - 1; j > 0 && values[j] > v; j--) values[j + 1] = values[j]
        values[j + 1] = v
    }
}
function median(values, n) {
    sort(values, n)
    return n % 2 ? values[(n + 1) / 2] : (values[n / 2] + values[n / 2 + 1]) / 2
}
'
