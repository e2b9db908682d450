//! The reports of a run: what is written, and how a terminal and a pipe differ.

mod common;

use common::Folder;

const RUN: [&str; 4] = ["run", "certificates/good", "--client", "chromium,firefox"];

#[test]
fn both_files_are_written_whole_and_in_place_of_older_ones() {
    let folder = Folder::new();
    folder.write("report.json", "old");
    let reports = ["--report", "json=report.json", "--report", "junit=report.xml"];
    let ran = folder.run(&[&RUN[..], &reports].concat());
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&read("report.json")).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["cases"][0]["file"], "scenarios/certificates/good.toml");
    let junit = quick_junit::Report::deserialize_from_str(&read("report.xml")).unwrap();
    assert_eq!((junit.tests > 0, junit.failures, junit.errors), (true, 0, 0));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "and nothing beside them");
}

#[test]
fn a_pipe_gets_no_colours_unless_they_are_asked_for() {
    let folder = Folder::new();
    assert!(!folder.run(&RUN).stdout.contains('\u{1b}'));
    assert!(folder.run(&[&RUN[..], &["--color", "always"]].concat()).stdout.contains('\u{1b}'));
}

#[test]
fn quiet_leaves_the_tally() {
    let ran = Folder::new().run(&[&RUN[..], &["--quiet"]].concat());
    assert!(ran.stdout.starts_with("passed: "), "{ran:#?}");
    assert_eq!((ran.stdout.lines().count(), ran.stderr.as_str()), (2, ""));
}
