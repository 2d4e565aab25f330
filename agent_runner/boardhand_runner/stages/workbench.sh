#!/bin/sh
# Serves the agent's commands in the toolchain's image: POSIX sh, setsid, mv and sleep are all it needs.
#
#   sh workbench.sh [ROOT [FOLDER]]
#
# Requests come as lines on the FIFO ROOT/exec/requests:
#   run ID     runs ROOT/exec/ID.sh in ROOT/work, or in FOLDER of it, in a process group of its own; output to ID.out,
#              and at the end the exit code to ID.code, which appears whole or not at all
#   kill ID    kills that process group, whose number is in ID.pid; the file of one that went with its server is empty
#   any line   makes the server look whether ROOT/serve/closed is there; it ends if so
# With BOARDHAND_PROCESSES set, commands can start no more processes once their user has so many.
# The server keeps the FIFO open for reading as long as it lives: a writer that finds no reader knows it is gone.
# Started once the run is closed, it only waits to be ended.

root=${1:-/boardhand}
folder=$root/work${2:+/$2}
exec=$root/exec
closed=$root/serve/closed

# The first process of a container is sent TERM in vain unless it asks for it.
trap 'exit 0' TERM INT

wait_for_the_end() {
    trap 'kill "$!"; exit 0' TERM INT
    while :; do
        sleep 3600 &
        wait "$!"
    done
}

cannot_serve() {
    echo "$1" >"$exec/problem"
    exit 41
}

# Shells differ in the option's name, and some end at one that they do not know. Told before there is any command: one
# that has used its processes up could have the next one go without.
limit_option() {
    for option in -u -p; do
        if (ulimit "$option" "$1" && [ "$(ulimit "$option")" = "$1" ]) 2>/dev/null; then
            echo "$option"
            return
        fi
    done
}

ended() {
    echo "$2" >"$exec/$1.new" && mv "$exec/$1.new" "$exec/$1.code"
}

run() {
    # Whoever holds the FIFO passes for the server.
    exec 3<&-
    trap - TERM INT
    # Entered for each command: the model may have removed the folder, and made it again.
    cd "$folder" >"$exec/$1.out" 2>&1 || {
        ended "$1" 2
        return
    }
    # The server itself has no such limit: it must be able to end what has used it up.
    {
        [ -z "$option" ] || ulimit "$option" "$BOARDHAND_PROCESSES"
        exec setsid sh "$exec/$1.sh"
    } </dev/null >"$exec/$1.out" 2>&1 &
    echo "$!" >"$exec/$1.pid"
    wait "$!"
    code=$?
    # It went with its server: that is no exit code of its own.
    [ ! -f "$exec/$1.pid" ] || [ -s "$exec/$1.pid" ] || return
    ended "$1" "$code"
    # Of a group that has nobody left, the number may soon be somebody else's.
    kill -s 0 -- "-$!" 2>/dev/null || true >"$exec/$1.pid"
}

kill_group() {
    # Not a FIFO in its place: reading that would hold the server up.
    [ -f "$exec/$1.pid" ] || return
    read -r group <"$exec/$1.pid"
    # Before the group ends, so that whoever waits for it sees it.
    [ "$2" != lost ] || { true >"$exec/$1.pid"; } 2>/dev/null
    case $group in
        '' | *[!0-9]* | 0 | 1) ;;
        *) kill -s KILL -- "-$group" 2>/dev/null ;;
    esac
}

# What commands left behind ends with the server, in a container or not.
last_will() {
    kill "$ticker" 2>/dev/null
    for group in "$exec"/*.pid; do
        group=${group##*/}
        kill_group "${group%.pid}" lost
    done
}

# A signal that arrives just before `read` begins to wait is heeded at the next line only: so there is one every second.
tick() {
    exec 3<&-
    trap - TERM INT
    while sleep 1 && kill -0 "$$" 2>/dev/null; do
        # A command may have removed it: a plain file in its place would look like a forgery.
        [ ! -p "$exec/requests" ] || echo >"$exec/requests"
    done
}

[ ! -e "$closed" ] || wait_for_the_end
# What an earlier server started went with it.
for group in "$exec"/*.pid; do
    [ ! -f "$group" ] || { true >"$group"; } 2>/dev/null
done
command -v setsid >/dev/null || cannot_serve setsid
cd "$root/work" || cannot_serve work
exec 3<>"$exec/requests" || cannot_serve requests
option=${BOARDHAND_PROCESSES:+$(limit_option "$BOARDHAND_PROCESSES")}
tick &
ticker=$!
trap last_will EXIT

while [ ! -e "$closed" ]; do
    read -r verb id <&3 || exit 1
    # Forgets the jobs that ended.
    jobs >/dev/null 2>&1
    case $id in '' | *[!0-9a-f]*) continue ;; esac
    case $verb in
        run) run "$id" & ;;
        kill) kill_group "$id" ;;
    esac
done
