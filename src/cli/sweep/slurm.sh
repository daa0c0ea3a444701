#!/bin/bash
# {what},
# {written} slurm
#
#     job=$(sbatch --parsable sweep.sh)
#     sbatch --dependency=afterany:$job --wrap={merge}
#
# The merge says which shards are not whole, and is submitted again when they are. (Slurm never takes a job for ok of which a task
# has failed once, even if it succeeds when it is requeued: hence afterany.)
# Run it in a folder that all nodes see, with tokenstorm in the PATH. A shard that was ended goes on where it was: submit the
# script again, or those that are missing with sbatch --array=3,7 sweep.sh.
# {estimate}
#SBATCH --job-name={name}
#SBATCH --array=1-{shards}
#SBATCH --cpus-per-task={cores}
#SBATCH --mem={mib}M
#SBATCH --time={minutes}
#SBATCH --requeue
#SBATCH --open-mode=append
set -euo pipefail
{command}
