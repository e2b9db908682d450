//! A proxy that cannot be tested is told once, before any case, and nothing of it is left running.

mod common;

use std::{fs, path::Path};

use common::{Folder, assert_gone};

const CASE: &str = r#"
title = "A case"
[[step]]
open = "wss"
expect = "connected"
"#;

/// A folder with one case, and a subject that is this shell script.
fn with_script(script: &str, ready: &str) -> Folder {
    let folder = Folder::new();
    folder.write("cases/group/good.toml", CASE);
    folder.write("proxy.sh", script);
    folder.write(
        "proxy.toml",
        &format!(
            "name = 'mine'\ntitle = 'Mine'\ninstall = 'write it'\ncommand = ['sh', '{}']\n[ready]\n{ready}\n[options]\ncert = ['{{cert}}']\n",
            folder.path().join("proxy.sh").display()
        ),
    );
    folder
}

const RUN: [&str; 5] = ["run", "--cases", "cases", "--subject", "proxy.toml"];

/// The scripts write their process id to this file.
const PID: &str = "pid";

fn script(folder: &Path, rest: &str) -> String {
    format!("echo $$ > '{}'\n{rest}\n", folder.join(PID).display())
}

#[test]
fn whose_command_is_not_there() {
    let folder = with_script("", "connect = true");
    let text = fs::read_to_string(folder.path().join("proxy.toml")).unwrap();
    folder.write("proxy.toml", &text.replace("'sh'", "'no-such-program'"));
    let ran = folder.run(&RUN);
    ran.assert_wrong("mine is not installed: there is no command `no-such-program`");
    ran.assert_says("hint: write it");
}

#[test]
fn that_exits_at_once() {
    let folder = with_script("echo cannot find my trousers >&2; exit 3", "connect = true");
    let ran = folder.run(&RUN);
    ran.assert_wrong("mine ended before it was ready (exit status: 3)");
    ran.assert_says("| cannot find my trousers");
}

#[test]
fn that_never_listens() {
    let folder = with_script("", "log = 'proxying from'");
    folder.write("proxy.sh", &script(folder.path(), "echo thinking; exec sleep 600"));
    let ran = folder.run(&RUN);
    ran.assert_wrong("mine was not ready within");
    ran.assert_says("| thinking");
    assert_gone(&folder.path().join(PID));
}

#[test]
fn that_prints_without_end() {
    let folder = with_script("", "log = 'proxying from'");
    folder.write("proxy.sh", &script(folder.path(), "exec yes"));
    let ran = folder.run(&RUN);
    ran.assert_wrong("mine printed more than");
    assert!(ran.stderr.len() < 2000, "not all of it is shown: {}", ran.stderr.len());
    assert_gone(&folder.path().join(PID));
}
