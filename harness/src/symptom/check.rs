//! How to make sure of a cause: a command of this program, with what the words say of host, port and file.

use std::path::Path;

use super::{Place, Speaker};
use crate::{Fault, fault::Command};

/// Stands where the words name no host.
const HOST: &str = "HOST";
/// Stands where the words name no file.
const FILE: &str = "cert.pem";
/// How many clients are asked at once.
const CLIENTS: usize = 3;
/// Who is asked where the words point to nobody: they tell the most faults apart.
const TELLING: [&str; 2] = ["chromium", "firefox"];

/// The command, and what it shows.
pub(super) fn command(speaker: Speaker, fault: Fault, clients: &[&str], place: &Place) -> Command {
    match speaker {
        Speaker::ClientRefusesProxy if place.host.is_none() && place.file.is_some() => Command {
            why: "It names every fault of the certificates in the file, and who refuses them.",
            line: inspect(place),
        },
        Speaker::ClientRefusesProxy => Command {
            why: "It names what this client would refuse, with the values that do not fit.",
            line: open(place, clients),
        },
        Speaker::ProxyOfItsFiles => Command {
            why: "It names the file, the block in it and what is wrong there.",
            line: inspect(place),
        },
        Speaker::ProxyRefusesTarget => target(fault, place),
        Speaker::BrowserRefusesPage => Command {
            why: "It opens the address as no page does: if it connects, it is the page that the browser refuses.",
            line: open(place, &["chromium"]),
        },
        Speaker::SomethingBetween => Command {
            why: "It shows the status of the answer; the same with --connect to the proxy itself goes around what is between.",
            line: open(place, clients),
        },
        Speaker::NoConnection | Speaker::ProxyRefusesClient | Speaker::ProxyFails => Command {
            why: "It names the step that fails: TCP, TLS, HTTP or WebSocket.",
            line: open(place, clients),
        },
    }
}

fn open(place: &Place, clients: &[&str]) -> String {
    let clients = match clients {
        [] => TELLING.join(","),
        clients => clients.iter().take(CLIENTS).copied().collect::<Vec<_>>().join(","),
    };
    let host = place.host.as_ref().map_or_else(|| HOST.to_owned(), ToString::to_string);
    let port = place.port.map_or_else(String::new, |port| format!(":{port}"));
    let path = place.path.as_deref().unwrap_or("/");
    let url = format!("wss://{host}{port}{path}");
    format!("wssure open {} --client {clients}", quoted(&url))
}

fn inspect(place: &Place) -> String {
    let file = place.file.as_deref().unwrap_or(Path::new(FILE));
    let host = place.host.as_ref().map_or_else(|| HOST.to_owned(), |host| host.bare().into_owned());
    let key = place.key.as_deref().map(|key| format!(" --key {}", quoted(&key.to_string_lossy())));
    format!(
        "wssure inspect {} --host {host}{}",
        quoted(&file.to_string_lossy()),
        key.unwrap_or_default()
    )
}

/// On the proxy's machine, where names and addresses mean what they mean to it.
fn target(fault: Fault, place: &Place) -> Command {
    let target = place.target.as_ref();
    let target =
        target.map_or_else(|| "TARGET".to_owned(), |(host, port)| format!("{host}:{port}"));
    match fault {
        Fault::TargetUnreachable => Command {
            why: "On the proxy's machine: `connection-refused`, `timed-out` or `name-not-resolved` is what the proxy meets; with any other word the target is reached.",
            line: format!("wssure open http://{target}/ --client curl"),
        },
        _ => Command {
            why: "On the proxy's machine: it names what is wrong with the target's certificate, or that it speaks no TLS.",
            line: format!("wssure open https://{target}/ --client python"),
        },
    }
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| "''".to_owned(), |word| word.into_owned())
}
