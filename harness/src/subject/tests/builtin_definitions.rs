//! The definitions in `harness/subjects`.

use crate::subject::{Subject, SubjectOption};

#[test]
fn each_is_right_and_named_as_its_file() {
    let subjects = Subject::builtin_definitions().unwrap();
    assert!(subjects.len() >= 2);
    for subject in subjects {
        assert_eq!(subject.source().path().file_stem().unwrap(), subject.name());
    }
}

#[test]
fn ours_has_every_option() {
    let builtin = Subject::find("builtin").unwrap();
    for option in [
        SubjectOption::Cert,
        SubjectOption::Key,
        SubjectOption::KeyPassword,
        SubjectOption::SslOnly,
        SubjectOption::Web,
    ] {
        assert!(builtin.offers(option), "{option}");
    }
}

#[test]
fn a_name_that_is_none_is_answered_with_the_nearest() {
    let error = Subject::find("websokify").unwrap_err().to_string();
    assert!(error.contains("there is no subject `websokify`"), "{error}");
    assert!(error.ends_with("hint: did you mean `websockify`?"), "{error}");
}
