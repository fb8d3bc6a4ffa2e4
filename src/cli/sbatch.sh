# A shard comes back so often before it is given up.
restarts=20
script=$(realpath -- "$0")
cd "$directory" || exit 1

# One task of the array: shard number SLURM_ARRAY_TASK_ID.
shard() {
    local number=${SLURM_ARRAY_TASK_ID:?is set by SLURM in a job array} code again=1
    "$program" run "${specs[@]}" --shard "$number/$shards" --out "$out.shards/$number-of-$shards" \
        --threads "${SLURM_CPUS_PER_TASK:-1}" "${options[@]}" &
    local run=$!
    trap 'kill -INT "$run"' USR1
    # Cancelled, or preempted: whether to come back is not for this script to say.
    trap 'again=0; kill -INT "$run"' TERM
    wait "$run"
    code=$?
    # A wait that a signal ended is not the end of the run.
    while kill -0 "$run" 2>/dev/null; do
        wait "$run"
        code=$?
    done
    # Below 128 it ended by itself: done, diverged, or in a way that would come again.
    if ((code > 128 && again && ${SLURM_RESTART_COUNT:-0} < restarts)); then
        echo "shard $number/$shards ended with code $code; it goes back into the queue" >&2
        scontrol requeue "$SLURM_JOB_ID"
    fi
    exit "$code"
}

# After all shards, whatever became of them: what is missing is listed.
merge() {
    exec "$program" merge "$out" "$out.shards/"*"-of-$shards"
}

submit() {
    local logs="$out.shards/logs" array merged
    mkdir -p "$logs" || exit 1
    # SLURM reads `%` and `\` in the name of a log as its own, and in that of its directory as they are.
    array=$(sbatch --parsable --array="1-$shards" --chdir="$logs" --output=%a.log "$@" "$script" shard) || exit 1
    array=${array%%;*}
    merged=$(sbatch --parsable --dependency="afterany:$array" --chdir="$logs" --output=merge.log "$@" "$script" merge) ||
        exit 1
    echo "shards: job $array; merge: job ${merged%%;*}; logs in $logs"
}

case ${1:-} in
shard) shard ;;
merge) merge ;;
*) submit "$@" ;;
esac
