//! Records for the tests beside this file.

use super::{Comparison, Known, between};
use super::{
    Words,
    record::{Origin, Outcome, Record, Shown, Story},
};
use crate::{
    data::Source,
    observation::Observation,
    report::samples::{connected, refused},
};

/// A client's record of these cases.
pub(crate) fn record(client: &str, cases: &[(&str, Vec<Outcome>)]) -> Record {
    Record {
        origin: Origin {
            client: client.to_owned(),
            title: client.to_owned(),
            version: None,
            date: Some("2026-11-23".to_owned()),
            subject: "builtin".to_owned(),
            file: Some(format!("{}.json", client.replace(':', "-"))),
        },
        cases: cases.iter().map(|(id, steps)| ((*id).to_owned(), story(steps))).collect(),
    }
}

/// Steps from 1.
pub(crate) fn story(steps: &[Outcome]) -> Story {
    let shown = |result: &Outcome| Shown {
        action: "open wss://proxy.example.test/".to_owned(),
        result: result.clone(),
    };
    steps.iter().enumerate().map(|(index, result)| (index + 1, shown(result))).collect()
}

pub(crate) fn seen(observation: &Observation) -> Outcome {
    Outcome::Seen(Words::of(observation))
}

/// A refusal with that error code.
pub(crate) fn refused_with(code: &str) -> Outcome {
    use crate::observation::Outcome as Observed;
    let mut refusal = refused().refusal().unwrap().clone();
    refusal.code = Some(code.to_owned());
    seen(&Observation { outcome: Observed::Refused(refusal), ..refused() })
}

/// A simulated client in cases of every kind.
pub(crate) fn simulated() -> Record {
    record(
        "ios",
        &[
            ("a/agrees", vec![seen(&refused()), seen(&connected())]),
            ("a/one-code", vec![refused_with("A")]),
            ("a/same-code", vec![refused_with("A")]),
            ("b/skipped", vec![seen(&refused())]),
            ("b/trouble", vec![seen(&connected())]),
        ],
    )
}

/// The real one: in two cases with another code, in one skipped, in one in trouble.
pub(crate) fn real() -> Record {
    record(
        "real:ios",
        &[
            ("a/agrees", vec![seen(&refused()), seen(&connected())]),
            ("a/one-code", vec![refused_with("B")]),
            ("a/same-code", vec![refused_with("B")]),
            ("b/skipped", vec![Outcome::Skipped("no such window".to_owned())]),
            ("b/trouble", vec![Outcome::Trouble("gone".to_owned())]),
        ],
    )
}

/// The two compared, one of the two codes known, and one that is known and did not happen; and a client
/// without a partner.
pub(crate) fn comparison() -> Comparison {
    let file = |case: &str, right: &str| {
        format!(
            "[[known]]\nclient = \"ios\"\ncases = [\"{case}\"]\nfield = \"code\"\nsimulated = \"A\"\nreal = \"{right}\"\nreason = \"the real one names it so\"\n"
        )
    };
    let text = format!("{}{}", file("a/same-code", "B"), file("a/one-code", "C"));
    let known = Known::read(&Source::new("known.toml", text)).unwrap();
    let mut real = real();
    real.origin.version = Some("Mobile Safari 26.1".to_owned());
    between(&[simulated(), record("safari", &[])], &[real], &known).unwrap()
}
