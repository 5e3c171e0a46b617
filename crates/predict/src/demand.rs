//! The demand of an operation at a shared object on its hottest cache line.

/// For which resource the threads of a row of a shared object wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// One thread runs at a time: threads do not contend for the object, and no line travels but at
    /// a switch.
    InTurns,
    /// All threads queue for one line, and each operation lets `transfers` lines travel while it
    /// holds the first.
    OneQueue {
        /// Lines that travel to the thread in one operation, if another had it before.
        transfers: u32,
    },
    /// The object's owner works on without waiting for anybody; all others queue for one line.
    OwnerBeside {
        /// As above, for the others.
        transfers: u32,
    },
}

/// The operations of `cargo lab scaling` in which threads contend for one object.
pub const SHARED: [&str; 2] = ["pair-at-one-object", "section-at-one-object"];

impl Demand {
    /// The demand of `operation` on `subject`; for a subject that is not known here, the least
    /// demand of any shared object: its line travels once.
    ///
    /// It is counted in favour of the subject: a retain and the release that follows it are one
    /// visit, since nothing forces the line away between them.
    pub fn of(operation: &str, subject: &str) -> Demand {
        match (operation, subject) {
            (_, subject) if subject.starts_with("global-lock-") => Demand::InTurns,
            // The owner's word is on the line of the others' word, or on one of its own; its plain
            // stores wait for neither.
            ("pair-at-one-object", "biased-counts" | "biased-counts-apart") => {
                Demand::OwnerBeside { transfers: 1 }
            }
            // The group's lock on a line of its own, then the count, or the contents.
            (_, "group-locks") => Demand::OneQueue { transfers: 2 },
            _ => Demand::OneQueue { transfers: 1 },
        }
    }

    /// In a few words.
    pub fn words(&self) -> String {
        let lines =
            |transfers: u32| if transfers == 1 { "1 line".to_owned() } else { format!("{transfers} lines") };
        match *self {
            Demand::InTurns => "one thread at a time".to_owned(),
            Demand::OneQueue { transfers } => format!("{} an operation", lines(transfers)),
            Demand::OwnerBeside { transfers } => {
                format!("the owner freely, others {} an operation", lines(transfers))
            }
        }
    }
}

/// The rows of `cargo lab cost` that price the operation when nobody else is there, the first that
/// there is.
pub fn priced_by(operation: &str) -> &'static [&'static str] {
    match operation {
        "pair-at-one-object" => &["non-owner-pair", "owner-pair"],
        "section-at-one-object" => &["section"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strategy_that_is_not_known_asks_for_one_line() {
        assert_eq!(Demand::of("pair-at-one-object", "one-count-lock"), Demand::OneQueue { transfers: 1 });
        assert_eq!(Demand::of("section-at-one-object", "biased-counts"), Demand::OneQueue { transfers: 1 });
    }

    #[test]
    fn every_shared_operation_has_its_price() {
        for operation in SHARED {
            assert!(!priced_by(operation).is_empty(), "{operation}");
        }
        assert!(priced_by("alloc-free-each").is_empty());
    }
}
