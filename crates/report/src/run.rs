//! Runs the commands of a report, one after the other, and keeps what each has finished.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::folder::{Folder, Key};
use crate::plan::{Step, TIMELINES};
use crate::results::{Error, Part};

/// The lab, as a program that is run once for each command.
pub trait Lab {
    /// A number that tells this build from others; see [`fingerprint`].
    ///
    /// # Errors
    /// If it cannot be had.
    fn fingerprint(&self) -> Result<u64, Error>;

    /// Runs it to its end, and returns its exit status and what it has said on standard output.
    /// Its standard error is shown unless it is to be silent.
    ///
    /// # Errors
    /// If it cannot be started or heard. That it fails is none.
    fn run(&self, arguments: &[OsString], is_silent: bool) -> Result<Output, Error>;

    /// What is around it at this moment.
    fn surroundings(&self) -> Surroundings;
}

/// The part of the surroundings that decides whether a finished part can be used again.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in the key that is made of it")]
pub struct Surroundings {
    pub commit: String,
    pub changes: u64,
    pub machine: String,
}

impl Surroundings {
    /// Whether the sources are not those of `other` any more.
    fn have_moved_on_from(&self, other: &Surroundings) -> bool {
        (&self.commit, self.changes) != (&other.commit, other.changes)
    }
}

/// Why a part is missing whose document may cite a commit that the program is not of.
const MOVED_ON: &str = "the checkout has moved on";

/// What came of the commands.
#[derive(Debug, Default)]
pub struct Collected {
    /// The documents of those that finished.
    pub parts: BTreeMap<Part, Value>,
    /// Why the others did not, one line each.
    pub missing: Vec<String>,
}

/// A number that tells one text or program from another.
pub fn fingerprint(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    // Zero is "nothing".
    hasher.finish().max(1)
}

/// Runs `program` for each step whose document is not in the folder already. The running step, and
/// the time that is left, go to `tell`; the program draws its own bar on standard error.
///
/// `around` is what was around the program when the report began. The program looks up the commit
/// at the start of each part, but is itself of the commit that was checked out at the start of the
/// report. So a part is missing if commit or changes are others before or after it.
///
/// # Errors
/// One line: the program cannot be started or read, or the folder cannot be written. Parts finished
/// by then are kept. A command that fails is no error: its part is missing, and the rest goes on.
pub fn collect(
    lab: &impl Lab,
    folder: &Folder,
    steps: &[Step],
    around: &Surroundings,
    tell: &mut dyn Write,
) -> Result<Collected, Error> {
    let program_is = lab.fingerprint()?;
    let mut collected = Collected::default();
    for (number, step) in steps.iter().enumerate() {
        let key = Key {
            commit: around.commit.clone(),
            changes: around.changes,
            command: command_line(step),
            program: program_is,
            machine: around.machine.clone(),
        };
        let left = Duration::from_secs(steps[number..].iter().map(|step| step.seconds).sum());
        let place = format!("[{}/{}] {}", number + 1, steps.len(), key.command);
        if let Some(document) = folder.finished(step.part, &key) {
            say(tell, &format!("{place}: finished before"));
            collected.parts.insert(step.part, document);
            continue;
        }
        say(tell, &format!("{place}: {}; the report: {} still", about(step.seconds), about(left.as_secs())));
        let begun = Instant::now();
        let moved_on = || lab.surroundings().have_moved_on_from(around);
        let outcome = match () {
            () if moved_on() => Err(MOVED_ON.to_owned()),
            () => document_of(lab, step)?
                .and_then(|document| if moved_on() { Err(MOVED_ON.to_owned()) } else { Ok(document) }),
        };
        match outcome {
            Ok(document) => {
                folder.keep(step.part, &key, &document)?;
                say(tell, &format!("      took {} s", begun.elapsed().as_secs()));
                collected.parts.insert(step.part, document);
            }
            Err(why) => {
                say(tell, &format!("      not done: {why}"));
                collected.missing.push(format!("{}: `{}`: {why}", step.part.name(), key.command));
            }
        }
    }
    Ok(collected)
}

/// The command as a person would type it.
pub fn command_line(step: &Step) -> String {
    format!("cargo lab {}", step.arguments.join(" "))
}

/// Nobody may be listening any more.
fn say(tell: &mut dyn Write, line: &str) {
    let _ = writeln!(tell, "{line}");
}

fn about(seconds: u64) -> String {
    if seconds < 90 { format!("about {seconds} s") } else { format!("about {} min", seconds.div_ceil(60)) }
}

/// What the program prints for a step; or why it prints none, in one line.
fn document_of(lab: &impl Lab, step: &Step) -> Result<Result<Value, String>, Error> {
    let arguments: Vec<OsString> =
        step.arguments.iter().map(OsString::from).chain(["--json".into()]).collect();
    let output = lab.run(&arguments, false)?;
    // A command that found something wrong says so in its document, and by its exit status.
    let document: Result<Value, _> = serde_json::from_slice(&output.stdout);
    Ok(match document {
        Ok(document) if document.get("schema").is_some() => Ok(document),
        _ => Err(format!("{}, without a document", output.status)),
    })
}

/// Where a picture is drawn, in the folder of a report.
const UNDER_WAY: &str = "parts/timeline.svg";

/// The pictures of [`TIMELINES`], drawn by the program: title and SVG of each. One that cannot be
/// drawn is left out, and said.
///
/// # Errors
/// One line: the program cannot be started, or the folder cannot be written.
pub fn timelines(
    lab: &impl Lab,
    folder: &Folder,
    tell: &mut dyn Write,
) -> Result<Vec<(String, String)>, Error> {
    let mut drawn = Vec::new();
    for (title, command) in TIMELINES {
        let name = format!("timelines/{}.svg", command.split(' ').next().unwrap_or_default());
        // Next to the finished parts, where nobody keeps anything. If a picture is not drawn now,
        // the picture of an earlier report stays as it was, and is not mistaken for it.
        let place = folder.path().join(UNDER_WAY);
        folder.write(UNDER_WAY, "")?;
        say(tell, &format!("[timeline] {title}"));
        let words = command.split_whitespace().map(|word| match word {
            "FILE" => place.as_os_str().to_owned(),
            word => word.into(),
        });
        let arguments: Vec<OsString> = words.chain(["--json".into()]).collect();
        let status = lab.run(&arguments, true)?.status;
        match std::fs::read_to_string(&place) {
            Ok(picture) if status.success() && picture.contains("</svg>") => {
                folder.write(&name, &picture)?;
                drawn.push((title.to_owned(), picture));
            }
            _ => say(tell, &format!("      not drawn: {status}")),
        }
    }
    Ok(drawn)
}

/// Runs one command and gives its document, keeping nothing.
///
/// # Errors
/// One line.
pub fn run_once(lab: &impl Lab, arguments: &[String]) -> Result<Value, Error> {
    let step = Step { part: Part::Cost, arguments: arguments.to_vec(), seconds: 0 };
    document_of(lab, &step)?.map_err(|why| Error::new(format!("{}: {why}", command_line(&step))))
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use super::*;
    use crate::plan::plan;
    use crate::results::Kind;

    /// A process that another test forks meanwhile would still have the program open for writing,
    /// so that it cannot be run.
    fn alone() -> MutexGuard<'static, ()> {
        static ALONE: Mutex<()> = Mutex::new(());
        ALONE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A program in the place of the lab: counts its runs in a file, prints a document, and fails
    /// on the commands that `fails` names.
    struct Counting(PathBuf);

    impl Counting {
        fn new(place: &Path, fails: &str) -> Self {
            Counting::doing(place, &format!("[ \"$1\" = '{fails}' ] && exit 3"))
        }

        /// Does what `line` says before it prints its document.
        fn doing(place: &Path, line: &str) -> Self {
            let path = place.join("lab");
            let text = format!(
                "#!/bin/sh\ncd '{}'\necho \"$1\" >>runs\n{line}\necho '{{\"schema\":\"s/1\",\"rows\":[]}}'\n",
                place.display()
            );
            check_out(place, "1");
            fs::write(&path, text).expect("it can be written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be run");
            Counting(path)
        }
    }

    impl Lab for Counting {
        fn fingerprint(&self) -> Result<u64, Error> {
            Ok(fingerprint(&fs::read(&self.0).expect("it can be read")))
        }

        fn run(&self, arguments: &[OsString], _: bool) -> Result<Output, Error> {
            Ok(Command::new(&self.0).args(arguments).output().expect("it can be run"))
        }

        fn surroundings(&self) -> Surroundings {
            around(&fs::read_to_string(self.0.with_file_name("commit")).expect("it can be read"))
        }
    }

    /// In the place of git.
    fn check_out(place: &Path, commit: &str) {
        fs::write(place.join("commit"), commit).expect("it can be written");
    }

    fn around(commit: &str) -> Surroundings {
        Surroundings { commit: commit.to_owned(), changes: 0, machine: "m".to_owned() }
    }

    fn runs(place: &Path) -> usize {
        fs::read_to_string(place.join("runs")).unwrap_or_default().lines().count()
    }

    #[test]
    fn an_interrupted_report_goes_on_where_it_was_and_another_commit_begins_anew() {
        let _alone = alone();
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(&place.path().join("report")).expect("it can be made");
        let lab = Counting::new(place.path(), "");
        let steps = plan(Kind::Quick, true, &[]);
        // Interrupted after three.
        collect(&lab, &folder, &steps[..3], &around("1"), &mut Vec::new()).expect("it runs");
        assert_eq!(runs(place.path()), 3);
        let mut told = Vec::new();
        let all = collect(&lab, &folder, &steps, &around("1"), &mut told).expect("it runs");
        assert_eq!((all.parts.len(), all.missing.len(), runs(place.path())), (7, 0, 7));
        let told = String::from_utf8(told).expect("it is text");
        assert_eq!(told.matches("finished before").count(), 3, "{told}");
        assert!(told.contains("[4/7] cargo lab starvation") && told.contains("still"), "{told}");
        check_out(place.path(), "2");
        collect(&lab, &folder, &steps, &around("2"), &mut Vec::new()).expect("it runs");
        assert_eq!(runs(place.path()), 14);
    }

    #[test]
    fn what_ends_in_another_checkout_is_not_kept_and_nothing_is_begun_there() {
        let _alone = alone();
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(&place.path().join("report")).expect("it can be made");
        let steps = plan(Kind::Quick, true, &[]);
        let third = &steps[2].arguments[0];
        let lab = Counting::doing(place.path(), &format!("[ \"$1\" = '{third}' ] && printf 2 >commit"));
        let all = collect(&lab, &folder, &steps, &around("1"), &mut Vec::new()).expect("it runs");
        assert_eq!((all.parts.len(), runs(place.path())), (2, 3), "{all:?}");
        assert!(all.missing.iter().all(|why| why.ends_with("the checkout has moved on")), "{all:?}");
        // Back again, the report goes on after what was kept.
        let lab = Counting::new(place.path(), "");
        let all = collect(&lab, &folder, &steps[..3], &around("1"), &mut Vec::new()).expect("it runs");
        assert_eq!((all.parts.len(), all.missing.len()), (3, 0), "{all:?}");
    }

    #[test]
    fn a_command_that_fails_loses_nothing_of_the_others() {
        let _alone = alone();
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(&place.path().join("report")).expect("it can be made");
        let lab = Counting::new(place.path(), "countdown");
        let steps = plan(Kind::Quick, true, &[]);
        let all = collect(&lab, &folder, &steps, &around("1"), &mut Vec::new()).expect("it runs");
        assert_eq!((all.parts.len(), all.missing.len()), (6, 1));
        assert!(all.missing[0].contains("cargo lab countdown") && all.missing[0].contains('3'), "{all:?}");
        collect(&lab, &folder, &steps, &around("1"), &mut Vec::new()).expect("it runs");
        assert_eq!(runs(place.path()), 8, "the one that failed is tried again, alone");
    }

    #[test]
    fn a_timeline_that_is_not_drawn_leaves_the_earlier_picture_and_is_not_it() {
        let _alone = alone();
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(&place.path().join("report")).expect("it can be made");
        folder.write("timelines/starvation.svg", "<svg>earlier</svg>").expect("it can be written");
        // The second program succeeds, and draws nothing.
        for fails in ["starvation", ""] {
            let lab = Counting::new(place.path(), fails);
            let drawn = timelines(&lab, &folder, &mut Vec::new()).expect("it can be started");
            assert!(drawn.is_empty(), "{drawn:?}");
            let kept = fs::read_to_string(folder.path().join("timelines/starvation.svg"));
            assert_eq!(kept.expect("it is there"), "<svg>earlier</svg>");
        }
    }
}
