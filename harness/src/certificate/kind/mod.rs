//! The kinds of certificate that can be made.

use std::{fmt, str::FromStr};

mod catalogue;
mod hosts;
mod issuer;

pub use catalogue::Kind;
pub(super) use issuer::SignedBy;

/// A name that is no kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no certificate kind `{name}`; there are: {}", names().collect::<Vec<_>>().join(", "))]
pub struct UnknownKind {
    /// What was given.
    pub name: String,
}

fn names() -> impl Iterator<Item = &'static str> {
    Kind::ALL.iter().map(|kind| kind.name())
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| UnknownKind { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_unique_and_is_the_name_in_data_files() {
        for &kind in Kind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_all_names() {
        let error = "self-singed".parse::<Kind>().unwrap_err().to_string();
        assert!(error.starts_with("there is no certificate kind `self-singed`; there are: good, "));
        assert!(error.ends_with(", missing-file"), "{error}");
    }

    #[test]
    fn faults_are_planted_once_and_in_the_order_of_the_vocabulary() {
        for &kind in Kind::ALL {
            assert!(kind.plants().is_sorted_by(|a, b| a < b), "{kind}: {:?}", kind.plants());
        }
    }

    #[test]
    fn every_title_is_a_sentence() {
        for &kind in Kind::ALL {
            let title = kind.title();
            assert!(
                title.starts_with(char::is_uppercase) && title.ends_with('.'),
                "{kind}: {title}"
            );
        }
    }
}
