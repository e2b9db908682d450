//! How the log is written: refusals that repeat themselves, and lines for programs.
#![allow(missing_docs)]

mod common;

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use common::{Proxy, command, echo, request};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// What no WebSocket is given for.
const WITHOUT_KEY: &str = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                           Sec-WebSocket-Version: 13\r\n\r\n";

#[test]
fn a_refusal_is_told_once_and_counted_from_then_on() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--log-refusals", "counted", "--verbose"];
    let mut proxy = Proxy::start(folder.path(), &options, echo());
    for _ in 0..3 {
        assert!(request(&mut proxy.connect(), WITHOUT_KEY).starts_with("HTTP/1.1 400 "));
    }
    let other = WITHOUT_KEY.replace("13", "8");
    assert!(request(&mut proxy.connect(), &other).starts_with("HTTP/1.1 426 "));
    proxy.signal(Signal::TERM);
    proxy.line("stopped");
    let told: Vec<&String> =
        proxy.lines.iter().filter(|line| line.contains("upgrade refused")).collect();
    let [first, other, repeated] = told[..] else { panic!("{told:#?}") };
    assert!(first.contains("client 127.0.0.1:") && !first.contains("more"), "{first}");
    assert!(other.contains("answered 426") && !other.contains("more"), "{other}");
    assert!(repeated.contains("client 127.0.0.1: 2 times more in "), "{repeated}");
    let reason = first.split_once("upgrade refused").unwrap().1;
    assert!(repeated.ends_with(reason), "{repeated}");
}

#[test]
fn in_json_every_line_is_an_object() {
    let mut child = command()
        .args(["--log-format", "json", "-v", "127.0.0.1:0", &echo().to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut lines = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let mut said = |part: &str| {
        let found = lines.find(|line| line["message"].as_str().unwrap().contains(part));
        found.unwrap_or_else(|| panic!("nothing says {part:?}"))
    };
    let listening = said("Listen on 127.0.0.1:");
    assert_eq!((&listening["level"], &listening["event"]), (&"info".into(), &"setting".into()));
    let address = listening["message"].as_str().unwrap().strip_prefix("Listen on ").unwrap();
    let mut stream = common::connect(address.parse().unwrap());
    let client = stream.local_addr().unwrap().to_string();
    request(&mut stream, WITHOUT_KEY);
    let refused = said("Sec-WebSocket-Key");
    assert_eq!(refused["level"], "warning");
    assert_eq!(refused["event"], "upgrade-refused");
    assert_eq!(refused["client"], client);
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(said("stopped")["event"], "stopped");
    assert!(child.wait().unwrap().success());
}
