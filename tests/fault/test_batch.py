# SPDX-FileCopyrightText: the pengine authors
# SPDX-License-Identifier: BSD-3-Clause
"""Batch systems that are not on this machine: the question that a run asks about its time limit, and the scripts of slurm/ that
put a job into the queue again, end to end with stand-ins for the systems' commands. The real SLURM is tests/cluster/slurm.sh.

Expected values: Python's squares.
"""
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
from harness import Case, PATIENCE, SLOWER, binary, environment, finish, lines, main, start, toml  # noqa: E402

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "slurm" / "other"
SLOW_C = """#include <stdint.h>
#include <time.h>
int64_t f(int64_t x)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, 0);
    return x * x;
}
"""
PBS = """Job Id: 7.head
    Job_Name = squares
    resources_used.walltime = 00:00:{used:02d}
    Resource_List.walltime = 00:00:{limit:02d}
    Variable_List = PBS_O_HOME=/home/x
"""


def slurm_end(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(time.time() + seconds))


class Batch(Case):
    def job(self, items=2600):
        self.write("slow.c", SLOW_C)
        self.write("job.toml", toml(mode="imap", input={"range": [0, items]}, output={"path": "o.txt"}, pool={"threads": 1},
                                    kernel={"source": "slow.c", "function": "f", "signature": "(int64) -> int64"}))
        self.good(toml(input={"range": [0, 1]}, output={"path": "warm.txt"}, kernel={"source": "slow.c", "function": "f", "signature": "(int64) -> int64"}),
                  name="warm.toml")  # compiles

    def stand_in(self, name, text):
        self.write(f"bin/{name}", f"#!/bin/bash\n{text}\n").chmod(0o755)

    def environment(self, **variables):
        return {"PATH": f"{self.dir}/bin:{os.path.dirname(binary())}:{os.environ['PATH']}", **variables}

    def begun(self, system, *options):
        return start([*options, "job.toml"], cwd=self.dir, env=self.environment(**{system: "7"}))

    def says(self, text):
        return f"cat <<'END'\n{text}\nEND"

    # ---- the question ----

    def test_each_system_is_asked_and_its_limit_kept(self):
        self.job(100_000)
        for variable, program, text, command in (
                ("SLURM_JOB_ID", "scontrol", f"JobId=7 EndTime={slurm_end(3)} Deadline=N/A", "show job 7"),
                ("PBS_JOBID", "qstat", PBS.format(used=57, limit=59), "-f 7"),
                ("LSB_JOBID", "bjobs", "0:0 L", "-noheader -o time_left 7"), ("FLUX_JOB_ID", "flux", "2", "job timeleft")):
            with self.subTest(variable):
                self.stand_in(program, f"echo \"$*\" >>asked\n{self.says(text)}")
                result = finish(self.begun(variable, "--restart"))
                self.assertIn(result.code, (75, 1) if program == "bjobs" else (75,), str(result))  # no time is left: perhaps no item is done
                self.assertIn("the time limit ended the run", result.err)
                self.assertLess(result.seconds, 50)  # the items take 100 s
                self.assertIn(command, (self.dir / "asked").read_text().splitlines())
                (self.dir / "asked").unlink()
                (self.dir / "bin" / program).unlink()

    def test_limit_that_was_raised_is_asked_for_again(self):
        self.job(2500)
        self.stand_in("flux", "if [ -e asked ]; then echo 1000; else echo 2; fi\n: >asked")
        result = finish(self.begun("FLUX_JOB_ID"))
        self.assertEqual(result.code, 0, str(result))
        self.assertEqual((self.dir / "o.txt").read_text(), lines(x * x for x in range(2500)))

    def test_answer_that_means_no_limit_is_not_spoken_of(self):
        self.job(20)
        for variable, program, text in (("SLURM_JOB_ID", "scontrol", "JobId=7 EndTime=Unknown Deadline=N/A"), ("PBS_JOBID", "qstat", "Job Id: 7\n  Job_Name = x"),
                                        ("LSB_JOBID", "bjobs", "-"), ("LSB_JOBID", "bjobs", "3:20 E"), ("FLUX_JOB_ID", "flux", "inf"), ("FLUX_JOB_ID", "flux", "4294967295")):
            with self.subTest((program, text)):
                self.stand_in(program, self.says(text))
                result = finish(self.begun(variable))
                self.assertEqual(result.code, 0, str(result))
                self.assertNotIn("limit", result.err)

    def test_nonsense_and_failure_are_no_limit_and_reported_in_one_line(self):
        self.job(20)
        for variable, program in (("SLURM_JOB_ID", "scontrol"), ("PBS_JOBID", "qstat"), ("LSB_JOBID", "bjobs"), ("FLUX_JOB_ID", "flux")):
            for text, why in (("exit 1", "failed"), (self.says("I know nothing"), "its answer is not understood"), (":", "its answer is not understood"),
                              ("yes nonsense | head -c 3000000", "its answer is not understood"), ("kill -9 $$", "failed")):
                with self.subTest((program, text)):
                    self.stand_in(program, text)
                    result = finish(self.begun(variable))
                    self.assertEqual(result.code, 0, str(result))
                    self.assertRegex(result.err, rf"does not say when this job ends \({program}.*{why}\): the run has no time limit\n")
                    self.assertEqual(result.err.count("does not say"), 1)
                    self.assertEqual((self.dir / "o.txt").read_text(), lines(x * x for x in range(20)))

    def test_command_that_hangs_is_waited_for_ten_seconds(self):
        self.job(20)
        begun = []
        for variable, program in (("SLURM_JOB_ID", "scontrol"), ("PBS_JOBID", "qstat"), ("LSB_JOBID", "bjobs"), ("FLUX_JOB_ID", "flux")):
            self.stand_in(program, "exec sleep 1000" if program != "flux" else "while :; do echo 1; sleep 0.2; done")
            begun.append(self.begun(variable, "-o", f"{program}.txt"))
        for process in begun:
            result = finish(process)
            self.assertEqual(result.code, 0, str(result))
            self.assertIn("it gave no answer within ten seconds): the run has no time limit", result.err)
            self.assertLess(result.seconds, 120 * SLOWER)

    # ---- the scripts ----

    def chain(self, *command, stdin=None):
        """Submits; the stand-ins run the script each time that it is in the queue. The codes of the runs, the last one first or last."""
        done = subprocess.run(command, cwd=self.dir, env=environment(self.environment(JOB="job.toml")), stdin=stdin or subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
        self.assertEqual((self.dir / "o.txt").read_text(), lines(x * x for x in range(2600)), done.stderr)
        codes = sorted(map(int, (self.dir / "codes").read_text().split()))
        self.assertEqual(codes, [0] + [75] * (len(codes) - 1), done.stderr)
        self.assertGreaterEqual(len(codes), 2, done.stderr)

    def test_pbs_script_submits_itself_until_the_job_is_done(self):
        self.job()
        self.stand_in("qstat", self.says(PBS.format(used=57, limit=59)))
        self.stand_in("qsub", """while [ $# -gt 1 ]; do
    if [ "$1" = -v ]; then IFS=, read -ra variables <<<"$2" && export "${variables[@]}"; fi
    shift 2
done
PBS_JOBID=7.head PBS_O_WORKDIR=$PWD bash "$1"
echo $? >>codes""")
        self.chain("qsub", "-v", "JOB=job.toml", str(SCRIPTS / "pbs.sh"))

    def test_lsf_script_asks_to_be_requeued_until_the_job_is_done(self):
        self.job()
        self.stand_in("bjobs", "echo '0:0:2 L'")
        self.stand_in("bsub", """cat >script
again=$(sed -n 's/^#BSUB -Q *//p' script)
until LSB_JOBID=7 bash script; code=$?; echo $code >>codes; [ "$code" -ne "$again" ]; do :; done""")
        with open(SCRIPTS / "lsf.sh", encoding="ascii") as script:
            self.chain("bsub", stdin=script)

    def test_flux_script_submits_itself_until_the_job_is_done(self):
        self.job()
        self.stand_in("flux", """if [ "$1" = job ]; then echo 2; exit; fi
while [[ $1 != *.sh ]]; do shift; done
FLUX_JOB_ID=7 bash "$@"
echo $? >>codes""")
        self.chain("flux", "submit", "-N1", str(SCRIPTS / "flux.sh"), "job.toml")


if __name__ == "__main__":
    main()
