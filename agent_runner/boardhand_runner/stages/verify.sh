#!/bin/sh
# Proves the pushed commit in the toolchain's image: POSIX sh, and the usual small tools to sum up what tests ran.
#
#   sh verify.sh [--require-tests] [--workdir FOLDER] [SETUP COMMAND...]
#
# The first SETUP commands prepare, the others prove; without any of them they are those that checkout told from the
# repository and left beside this script. They run in this order in ../proof, as seen from this script, or in FOLDER of
# it; the first that fails ends the stage with its exit code, and that code is the verdict. With --require-tests the
# stage ends with 65 where every command passed and their output says that no test ran. What was counted, each
# command's exit code, and the end of what the command printed that the stage ended with, go to $TERMINATION_LOG: at
# most $BOARDHAND_MESSAGE_BYTES, which is this container's share of what the kubelet keeps of a pod.

require_tests=
if [ "$1" = --require-tests ]; then
    require_tests=1
    shift
fi
workdir=
if [ "$1" = --workdir ]; then
    workdir=$2
    shift 2
fi
# Sets the arguments.
[ "$#" -gt 0 ] || . "${0%/*}/commands.sh" || exit 1
setups=$1
shift

log=${TERMINATION_LOG:-/dev/termination-log}
limit=${BOARDHAND_MESSAGE_BYTES:-1536}
message=
evidence=

trap 'exit 143' TERM INT

# Recognises what test runners sum up with; the last lines of each are kept. go -v and TAP report case by case, so they
# are counted here. Then the last lines of all, each cut. The very last says whether some test ran, none, or nothing is
# known.
summarise='
function before(word) { return match($0, "[0-9]+ " word) ? substr($0, RSTART) + 0 : 0 }
function after(word) { return match($0, word " *[0-9]+") ? substr($0, RSTART + length(word)) + 0 : 0 }
function keep(ran) { kept[count++ % 12] = substr($0, 1, 160); known = 1; if (ran > 0) some = 1 }
{ gsub(/\033\[[0-9;]*m/, ""); sub(/\r$/, ""); last[NR % 60] = substr($0, 1, 240) }
/^=* ?([0-9]+ (passed|failed|errors?|skipped|deselected|xfailed|xpassed|warnings?|reruns?)([, ].*)?|no tests ran.*) in [0-9.]+s/ { keep(before("passed") + before("failed") + before("error") + before("xfailed") + before("xpassed")); next }
/^Ran [0-9]+ tests? in [0-9.]+s$/ { unittest = after("Ran"); begun = 1; keep(0); next }
begun && /^(OK|FAILED|NO TESTS RAN)( \(.*\))?$/ { keep(unittest - after("skipped=")); begun = 0; next }
/Tests run: *[0-9]+, Failures: [0-9]+, Errors: [0-9]+, Skipped: [0-9]+$/ { keep(after("Tests run:") - after("Skipped:")); next }
/No tests to run\.$/ { keep(0); next }
/^--- PASS: / { go_passed++; next }
/^--- FAIL: / { go_failed++; next }
/^--- SKIP: / { go_skipped++; next }
/^(ok  |FAIL|\?   )\t/ { keep(!/\[no test files\]$/ && !/\[no tests to run\]$/); next }
/^test result: (ok|FAILED)\./ { keep(before("passed") + before("failed")); next }
/^ *Tests:? +[0-9]+ (failed|passed|skipped|todo|total)/ { keep(before("passed") + before("failed")); next }
/^No test(s| files) found, exiting with code/ { keep(0); next }
/^ *[0-9]+ (passing|failing|pending)/ { keep(before("passing") + before("failing")); next }
/^(#|ℹ) (tests|pass|fail|cancelled|skipped|todo) [0-9]+$/ { node = 1; keep(before_last($0)); next }
/^1\.\.[0-9]+/ { plan = 1; if ($0 ~ /^1\.\.0/) keep(0); next }
/^ok [0-9]+/ { if (tolower($0) ~ /# *(skip|todo)/) tap_skipped++; else tap_passed++; next }
/^not ok [0-9]+/ { if (tolower($0) ~ /# *(skip|todo)/) tap_skipped++; else tap_failed++; next }
function before_last(line) { return line ~ / (pass|fail|cancelled) [0-9]+$/ ? substr(line, match(line, /[0-9]+$/)) + 0 : 0 }
END {
    for (i = count > 12 ? count - 12 : 0; i < count; i++) print "summary " kept[i % 12]
    if (go_passed + go_failed + go_skipped) {
        printf "summary go test: %d passed, %d failed, %d skipped\n", go_passed, go_failed, go_skipped
        known = 1; some = go_passed + go_failed > 0
    }
    if (plan && !node && tap_passed + tap_failed + tap_skipped) {
        printf "summary TAP: %d passed, %d failed, %d skipped\n", tap_passed, tap_failed, tap_skipped
        known = 1; if (tap_passed + tap_failed) some = 1
    }
    for (i = NR > 60 ? NR - 59 : 1; i <= NR; i++) print "output " last[i % 60]
    print some ? "some" : known ? "none" : "unknown"
}'

# Seconds; an image without date takes no time.
now() { date +%s 2>/dev/null || echo 0; }

report() {
    if [ "$summaries" ]; then printf '%s' "$message" | tail -c "$limit" >"$log"; else printf '%s' "$message" >"$log"; fi
}

# Adds the end of what the last command printed, as far as there is room beside exit codes and counts.
add_output() {
    if [ -z "$summaries" ] || [ ! -f "$scratch/summary" ]; then return; fi
    room=$((limit - 16 - $(printf '%s' "$message" | LC_ALL=C awk '{ bytes += length($0) + 1 } END { print bytes + 0 }')))
    if [ "$room" -gt 2000 ]; then room=2000; fi
    if [ "$room" -lt 80 ]; then return; fi
    message="${message}output
$(sed -n 's/^output //p' "$scratch/summary" | tail -c "$room")
"
}

# Shells differ in the option's name, and some end at one that they do not know. Told before there is any command:
# one that has used its processes up could have the next one go without.
limit_option() {
    for option in -u -p; do
        if (ulimit "$option" "$1" && [ "$(ulimit "$option")" = "$1" ]) 2>/dev/null; then
            echo "$option"
            return
        fi
    done
}

# In the background, so that TERM is heeded while it runs.
execute() {
    {
        [ -z "$option" ] || ulimit "$option" "$BOARDHAND_PROCESSES"
        exec sh -c "$1"
    } </dev/null &
    wait "$!"
    code=$?
}

# Runs a command with its output to stdout and to the summary; its exit code is taken from the shell, not from a file
# that the command could write.
prove() {
    rm -f "$scratch/out" "$scratch/copy" "$scratch/summary" "$scratch/done"
    mkfifo "$scratch/out" "$scratch/copy"
    code=
    tee "$scratch/copy" <"$scratch/out" &
    reader=$!
    {
        # Read to the end, whatever awk does: a command must not fail for its summary.
        tr -d '\000' <"$scratch/copy" | { LC_ALL=C awk "$summarise" >"$scratch/summary"; cat >/dev/null; }
        : >"$scratch/done"
    } &
    execute "$1" >"$scratch/out" 2>&1
    # Where there is nothing to write to, it was not run: then without a summary, and never with another one's code.
    [ "$code" ] || execute "$1" 2>&1
    # A process that the command left behind may hold its output open: then what was put out until now is all.
    await_summary 50
    [ -e "$scratch/done" ] || { kill "$reader" && await_summary 50; } 2>/dev/null
}

# For so many tenths of a second.
await_summary() {
    patience=$1
    while [ -d "$scratch" ] && [ ! -e "$scratch/done" ] && [ "$patience" -gt 0 ]; do
        patience=$((patience - 1))
        sleep 0.1 2>/dev/null || sleep 1
    done
}

holds_files() {
    for entry in * .[!.]* ..?*; do
        if [ -e "$entry" ] || [ -L "$entry" ]; then return 0; fi
    done
    return 1
}

cd "${0%/*}/../proof" || exit 1
if ! holds_files; then
    echo "Nothing was published, so there is nothing to prove."
    exit 0
fi
if [ "$workdir" ]; then
    # A change that makes the folder a link would prove something else.
    place=$(pwd -P)/$workdir
    if ! cd "$workdir" || [ "$(pwd -P)" != "$place" ]; then
        echo "The published commit has no folder $workdir, in which the verify commands run."
        exit 1
    fi
fi
option=${BOARDHAND_PROCESSES:+$(limit_option "$BOARDHAND_PROCESSES")}
summaries=1
for tool in awk cat date mkfifo rm sed sleep tail tee tr; do
    command -v "$tool" >/dev/null || summaries=
done
scratch=$(mktemp -d 2>/dev/null) || summaries=

number=0
for command in "$@"; do
    number=$((number + 1))
    kind=command place=$((number - setups))
    if [ "$number" -le "$setups" ]; then kind=setup place=$number; fi
    printf '$ %s\n' "$command"
    began=$(now)
    # A command before this one may have removed the folder.
    [ -z "$summaries" ] || [ -d "$scratch" ] || scratch=$(mktemp -d 2>/dev/null) || summaries=
    if [ "$summaries" ]; then prove "$command"; else execute "$command" 2>&1; fi
    seconds=$(($(now) - began))
    message="$message$kind $place exit $code seconds $seconds
"
    if [ "$kind$summaries" = command1 ] && [ -f "$scratch/summary" ]; then
        message="$message$(sed -n '/^summary /p' "$scratch/summary")
"
        evidence="$evidence $(tail -n 1 "$scratch/summary")"
    fi
    [ "$code" -eq 0 ] || add_output
    report
    if [ "$code" -ne 0 ]; then
        printf '%s %s ended with %s after %s s.\n' "$kind" "$place" "$code" "$seconds"
        exit "$code"
    fi
done

case $require_tests$evidence in
    1*some*) ;;
    1*none*)
        echo "Every command passed, but no test ran, and this pool requires tests."
        message="${message}no tests ran
"
        add_output
        report
        exit 65
        ;;
esac
exit 0
