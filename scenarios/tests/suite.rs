//! The suite itself: every case, every client, and our own proxy.

mod common;

use common::Folder;

#[test]
fn everything_is_as_the_cases_say() {
    let ran = Folder::new().run(&["run", "--quiet"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
}
