//! Results of the lab as a page to read and sentences to cite.
//!
//! This crate knows no strategy and measures nothing. It reads the documents that the lab's
//! commands print with `--json`, so that it works as well on results of another machine, and is
//! built in seconds.

mod blocks;
mod charts;
mod check;
mod cite;
mod claims;
mod decision;
mod folder;
mod kept;
mod merge;
mod page;
mod plan;
pub mod plot;
mod published;
mod results;
mod run;
mod whole;

pub use blocks::{decision_table, refreshed};
pub use charts::price_and_gain;
pub use check::{Outcome, check, compare, in_short, line, read_claims};
pub use cite::{Form, cite};
pub use claims::{claims, shown};
pub use decision::lines as decision_lines;
pub use folder::{Folder, Key};
pub use kept::KeptLedger;
pub use merge::{
    Allowed, LedgerPart, MERGED, Source, comparison, comparison_page, ledger, merge, side_by_side, to_json,
};
pub use page::{File, files, files_with};
pub use plan::{Step, TIMELINES, plan};
pub use results::{Claim, Error, Figure, Kind, Machine, Part, Results, SCHEMA, commit};
pub use run::{Collected, Lab, Surroundings, collect, command_line, fingerprint, run_once, timelines};
pub use whole::{can_write, write_whole};
