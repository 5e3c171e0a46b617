//! `plan`: the full run, split for a batch system or a matrix of machines.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, value_parser};
use keyway_report::{Kind, Part, write_whole};
use serde::Serialize;

use crate::checkout;
use crate::models::workspace;
use crate::output::{Output, table};
use crate::streams::{self, tell};

/// Split the full run over machines: files for an array of Slurm and for a matrix of GitHub Actions
///
/// Every machine gets parts of the report, so that all take about as long, a slice of the models
/// (by cargo-nextest, which it must have), and a share of the seeded bugs. Written are `job.sh`,
/// which runs the job of a number in a checkout of this commit; `slurm.sh`, for `sbatch`; and
/// `github.yml`, for `.github/workflows`. `cargo lab merge` puts together what they leave.
#[derive(Args, Clone, Debug)]
pub(crate) struct Arguments {
    /// Machines, one job each
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..=256))]
    machines: u16,

    /// The folder for the files, which is made if need be
    #[arg(long, value_name = "DIR", default_value = "keyway-jobs")]
    out: PathBuf,
}

/// What one machine does, besides its slice of the models.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
struct Job {
    /// From one.
    number: u16,
    /// Parts of the report.
    parts: Vec<&'static str>,
    /// Seconds that they take on two free cores, about.
    seconds: u64,
    /// Seeded bugs, by name.
    mutants: Vec<String>,
}

/// Writes the files.
pub(crate) fn run(arguments: &Arguments, output: &Output) -> io::Result<ExitCode> {
    let written = mutants().and_then(|mutants| {
        let of = |why| format!("the jobs would not know which commit to measure: {why}");
        let commit = checkout::look().map_err(of)?.commit;
        let jobs = jobs(arguments.machines, mutants);
        write(&arguments.out, &jobs, &commit)?;
        Ok(jobs)
    });
    let jobs = match written {
        Ok(jobs) => jobs,
        Err(error) => {
            tell!("error: {error}");
            return Ok(ExitCode::FAILURE);
        }
    };
    streams::print(|out| {
        if output.is_json() {
            serde_json::to_writer_pretty(&mut *out, &jobs)?;
            return writeln!(out);
        }
        out.write_all(table(&lines(&jobs)).as_bytes())?;
        let folder = arguments.out.display();
        writeln!(out, "\nSlurm, in a checkout of this commit: sbatch {folder}/slurm.sh")?;
        writeln!(
            out,
            "GitHub Actions: copy {folder}/github.yml and {folder}/job.sh to .github/workflows, and run the workflow"
        )?;
        writeln!(out, "Then: {MERGE}")
    })?;
    Ok(ExitCode::SUCCESS)
}

const MERGE: &str = "cargo lab merge target/keyway-jobs/report-*/results.json target/keyway-jobs/ledger-*.jsonl --out keyway-report";

fn lines(jobs: &[Job]) -> Vec<Vec<String>> {
    let heading = ["job", "parts", "seconds", "models", "mutants"].map(str::to_owned).to_vec();
    let line = |job: &Job| {
        let parts = if job.parts.is_empty() { "-".to_owned() } else { job.parts.join(", ") };
        let slice = format!("{}/{}", job.number, jobs.len());
        vec![job.number.to_string(), parts, job.seconds.to_string(), slice, job.mutants.len().to_string()]
    };
    [heading].into_iter().chain(jobs.iter().map(line)).collect()
}

/// The names of all seeded bugs, in order.
fn mutants() -> Result<Vec<String>, String> {
    let folder = workspace().join("loom-tests/mutants");
    let unreadable = |error: io::Error| format!("{}: {error}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "patch") {
            names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// The longest part first, each to the job that has least to do; the seeded bugs in turn.
fn jobs(machines: u16, mutants: Vec<String>) -> Vec<Job> {
    let mut jobs: Vec<Job> = (1..=machines).map(|number| Job { number, ..Job::default() }).collect();
    let measured: Vec<Part> = Part::ALL.into_iter().filter(|part| *part != Part::Ledger).collect();
    let mut steps = keyway_report::plan(Kind::Full, false, &measured);
    steps.sort_by_key(|step| std::cmp::Reverse(step.seconds));
    for step in steps {
        let idle = jobs.iter_mut().min_by_key(|job| job.seconds).expect("there is a machine at least");
        idle.parts.push(step.part.name());
        idle.seconds += step.seconds;
    }
    let machines = jobs.len();
    for (number, mutant) in mutants.into_iter().enumerate() {
        jobs[number % machines].mutants.push(mutant);
    }
    jobs
}

fn write(folder: &Path, jobs: &[Job], commit: &str) -> Result<(), String> {
    let failed = |path: &Path, error: io::Error| format!("cannot write {}: {error}", path.display());
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let files = [
        ("job.sh", job_script(jobs, commit)),
        ("slurm.sh", slurm(jobs)),
        ("github.yml", github(jobs, commit)),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        write_whole(&path, text.as_bytes()).map_err(|error| failed(&path, error))?;
    }
    Ok(())
}

/// What the job of a number does.
fn job_script(jobs: &[Job], commit: &str) -> String {
    let all = jobs.len();
    let case = |job: &Job| {
        let parts: Vec<_> = job.parts.iter().map(|part| format!("--part {part}")).collect();
        format!(
            "{}) parts=\"{}\"\n   mutants=\"{}\" ;;\n",
            job.number,
            parts.join(" "),
            job.mutants.join(" ")
        )
    };
    format!(
        "#!/bin/sh\n# One of {all} jobs of the full run, by its number: sh job.sh 1. Written by `cargo lab plan --machines {all}`.\n\
         # It runs in a checkout and needs a Rust toolchain, a C compiler and cargo-nextest. What it leaves is in target/keyway-jobs.\n\
         set -u\njob=\"${{1:?which job, from 1 to {all}}}\"\n\
         # What would let git speak of another repository.\nunset $(git rev-parse --local-env-vars)\ncommit=\"$(git rev-parse HEAD)\" || exit 1\n\
         if [ \"$commit\" != {commit} ]; then\n    echo \"this is a checkout of $commit, the jobs are of {commit}\" >&2\n    exit 1\nfi\n\
         case \"$job\" in\n{cases}*) echo \"there is no job $job\" >&2; exit 2 ;;\nesac\n\
         out=target/keyway-jobs\nledger=\"$PWD/$out/ledger-$job.jsonl\"\nmkdir -p \"$out\" || exit 1\nfailed=0\n\n\
         # The figures first, on a machine that does nothing else. The parts are words on purpose.\n\
         if [ -n \"$parts\" ]; then\n    cargo lab report --full $parts --out \"$out/report-$job\" || failed=1\nfi\n\n\
         # Rows of the ledger: the first line says which part this is, so that none can be missing unseen.\n\
         printf '{{\"keyway_ledger\":%s,\"of\":{all},\"commit\":\"%s\"}}\\n' \"$job\" \"$commit\" > \"$ledger.part\" || exit 1\n\
         KEYWAY_LOOM_BUDGET=ci KEYWAY_LOOM_BOUND=3 KEYWAY_LOOM_SECONDS=600 KEYWAY_LOOM_LEDGER=\"$ledger.part\" \\\n    \
         cargo loom-nextest --no-fail-fast --partition \"slice:$job/{all}\" || failed=1\n\
         if [ -n \"$mutants\" ]; then\n    \
         cargo run --quiet --package keyway-loom-tests --bin mutants -- --json $mutants >> \"$ledger.part\" || failed=1\nfi\n\
         # Only what has been run to its end has the name that `cargo lab merge` reads.\n\
         mv \"$ledger.part\" \"$ledger\" || exit 1\nexit \"$failed\"\n",
        cases = jobs.iter().map(case).collect::<String>(),
    )
}

fn slurm(jobs: &[Job]) -> String {
    format!(
        "#!/bin/sh\n#SBATCH --job-name=keyway --array=1-{all} --exclusive --time=04:00:00 --output=keyway-%a.log\n\
         # sbatch {{folder}}/slurm.sh, from the root of a checkout that all machines see. Each job builds in a copy of its own.\n\
         set -eu\nunset $(git rev-parse --local-env-vars)\ncopy=\"${{TMPDIR:-/tmp}}/keyway-$SLURM_JOB_ID\"\ngit clone --quiet \"$SLURM_SUBMIT_DIR\" \"$copy\"\ncd \"$copy\"\n\
         code=0\nsh \"${{KEYWAY_JOBS:-$SLURM_SUBMIT_DIR/keyway-jobs}}/job.sh\" \"$SLURM_ARRAY_TASK_ID\" || code=$?\n\
         mkdir -p \"$SLURM_SUBMIT_DIR/target/keyway-jobs\"\ncp -R target/keyway-jobs/. \"$SLURM_SUBMIT_DIR/target/keyway-jobs/\"\n\
         rm -rf \"$copy\"\nexit \"$code\"\n",
        all = jobs.len(),
    )
    .replace("{folder}", "keyway-jobs")
}

fn github(jobs: &[Job], commit: &str) -> String {
    let numbers: Vec<_> = jobs.iter().map(|job| job.number.to_string()).collect();
    format!(
        "# Written by `cargo lab plan --machines {all}`; job.sh lies beside it. Hosted machines differ from run to run: the report names each.\n\
         name: keyway full run\non: workflow_dispatch\n\npermissions:\n  contents: read\n\njobs:\n  part:\n    runs-on: ubuntu-latest\n    timeout-minutes: 350\n    \
         strategy:\n      fail-fast: false\n      matrix:\n        job: [{numbers}]\n    steps:\n      - uses: actions/checkout@v4\n        with:\n          ref: {commit}\n          path: keyway\n      \
         - uses: actions/checkout@v4\n        with:\n          path: jobs\n          sparse-checkout: .github/workflows\n      \
         - uses: taiki-e/install-action@nextest\n      - run: sh ../jobs/.github/workflows/job.sh ${{{{ matrix.job }}}}\n        working-directory: keyway\n      \
         - uses: actions/upload-artifact@v4\n        if: always()\n        with:\n          name: part-${{{{ matrix.job }}}}\n          path: keyway/target/keyway-jobs\n  \
         merge:\n    needs: part\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n        with:\n          ref: {commit}\n      \
         - uses: actions/download-artifact@v4\n        with:\n          path: target/keyway-jobs\n          merge-multiple: true\n      \
         - run: {MERGE}\n      - uses: actions/upload-artifact@v4\n        with:\n          name: keyway-report\n          path: keyway-report\n",
        all = jobs.len(),
        numbers = numbers.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_and_every_mutant_is_in_one_job() {
        for machines in [1, 3, 8] {
            let jobs = jobs(machines, ["a", "b", "c", "d"].map(str::to_owned).to_vec());
            let mut parts: Vec<_> = jobs.iter().flat_map(|job| job.parts.clone()).collect();
            parts.sort_unstable();
            assert_eq!(parts, ["cost", "countdown", "replay", "scaling", "starvation", "verdict"]);
            let mut mutants: Vec<_> = jobs.iter().flat_map(|job| job.mutants.clone()).collect();
            mutants.sort_unstable();
            assert_eq!(mutants, ["a", "b", "c", "d"]);
            assert_eq!(jobs.len(), usize::from(machines));
        }
        let longest = |machines| jobs(machines, vec![]).iter().map(|job| job.seconds).max();
        assert!(longest(3) < longest(1), "three machines are sooner done");
    }

    #[test]
    fn the_workspace_has_mutants_to_share() {
        assert!(mutants().expect("they are there").len() > 10);
    }
}
