//! The report for CI servers: JUnit's XML.
//!
//! A suite for each case, in it a test for the proxy's start and for each step of each client. What is
//! unexpected is a failure, trouble of the harness an error, what was not tried is skipped. A known
//! divergence passes, with its reasons as output.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::observation::sentence;
use crate::run::{CaseResult, Difference, Report, StepResult, Verdict};

/// Writes the report as JUnit's XML.
///
/// # Errors
/// Those of `out`.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut junit = quick_junit::Report::new(format!("wssure on {}", report.subject.name));
    junit.add_test_suites(report.cases.iter().map(suite));
    junit.serialize(out).map_err(io::Error::other)
}

fn suite(case: &CaseResult) -> TestSuite {
    let mut suite = TestSuite::new(case.id.clone());
    let start = &case.start;
    let log = start.log.join("\n");
    suite.add_test_case(test("start".to_owned(), case, &start.verdict, &start.differences, &log));
    suite.add_test_cases(case.dialogues.iter().map(|step| {
        let name = format!("step {}: {}", step.number, step.action);
        test(name, case, &step.verdict, &step.differences, &described(step))
    }));
    for client in &case.clients {
        suite.add_test_cases(client.steps.iter().map(|step| {
            let name = format!("{}, step {}: {}", client.client, step.number, step.action);
            test(name, case, &step.verdict, &step.differences, &described(step))
        }));
    }
    suite
}

fn test(
    name: String,
    case: &CaseResult,
    verdict: &Verdict,
    differences: &[Difference],
    described: &str,
) -> TestCase {
    let mut status = match verdict {
        Verdict::AsExpected | Verdict::KnownDivergence => TestCaseStatus::success(),
        Verdict::Unexpected => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Verdict::Trouble(_) => TestCaseStatus::non_success(NonSuccessKind::Error),
        Verdict::NotJudged | Verdict::Skipped(_) => TestCaseStatus::skipped(),
    };
    match verdict {
        Verdict::Unexpected => {
            let differences: Vec<String> = differences.iter().map(in_words).collect();
            status.set_message(differences.join("; ")).set_description(described);
        }
        Verdict::Trouble(reason) | Verdict::Skipped(reason) => {
            status.set_message(reason.as_str());
        }
        Verdict::NotJudged => {
            status.set_message("the case expects nothing of this client");
        }
        Verdict::AsExpected | Verdict::KnownDivergence => {}
    }
    let mut test = TestCase::new(name, status);
    test.set_classname(case.id.replace('/', "."));
    if *verdict == Verdict::KnownDivergence {
        let reasons: Vec<&str> =
            differences.iter().filter_map(|one| one.known.as_deref()).collect();
        test.set_system_out(reasons.join("\n"));
    }
    test
}

fn in_words(difference: &Difference) -> String {
    let Difference { field, expected, observed, .. } = difference;
    format!("{field}: expected {expected}, observed {observed}")
}

fn described(step: &StepResult) -> String {
    let seen = step.observation.as_ref().map(sentence);
    seen.into_iter().chain(step.log.iter().cloned()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::report;

    #[test]
    fn every_verdict_has_its_word_in_junit() {
        let mut written = Vec::new();
        write(&report(), &mut written).unwrap();
        let junit = quick_junit::Report::deserialize_from_str(&String::from_utf8(written).unwrap())
            .unwrap();
        let suite = |name: &str| {
            junit.test_suites.iter().find(|suite| suite.name.as_str() == name).unwrap()
        };
        let firefox = |name: &str| {
            let cases = &suite(name).test_cases;
            cases.iter().find(|case| case.name.starts_with("firefox")).unwrap().status.clone()
        };
        let kind = |status| match status {
            TestCaseStatus::Success { .. } => "success".to_owned(),
            TestCaseStatus::NonSuccess { kind, .. } => format!("{kind:?}"),
            TestCaseStatus::Skipped { .. } => "skipped".to_owned(),
        };
        assert_eq!(kind(firefox("wiki/connects")), "success");
        assert_eq!(kind(firefox("wiki/differs-as-known")), "success");
        assert_eq!(kind(firefox("wiki/differs")), "Failure");
        assert_eq!(kind(firefox("wiki/breaks")), "Error");
        assert_eq!(kind(firefox("wiki/cannot-be-tried")), "skipped");
        assert_eq!(kind(firefox("wiki/says-nothing")), "skipped");
        let starts = &suite("files/ends-in-silence").test_cases;
        assert_eq!(kind(starts[0].status.clone()), "Failure");
    }

    #[test]
    fn a_failure_says_what_differs() {
        let mut written = Vec::new();
        write(&report(), &mut written).unwrap();
        let text = String::from_utf8(written).unwrap();
        assert!(text.contains("fault: expected unknown-issuer, observed self-signed"), "{text}");
    }
}
