//! The real thing, end to end: a real VNC server, noVNC in real browsers, and between them our proxy or websockify.
//!
//! What is on the desktop is seen in the page's canvas, pixel for pixel, and what is typed there arrives at the desktop.

mod browser;
#[path = "../common/mod.rs"]
mod common;
mod installed;
mod picture;
mod proxy;
mod vnc;

use std::path::Path;

use browser::{Brand, Browser};
use common::{LIMIT, skip};
use proxy::{Program, Proxy};
use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;
use vnc::Desktop;
use wssure_harness::{
    certificate::{Kind, Lab, make},
    host::Host,
};

/// noVNC in our page: it connects to where it came from, and keeps what it was told.
const PAGE: &str = include_str!("page.html");

/// What is typed: both cases, and characters of other keys.
const TYPED: &str = "Hello, wss://!";

/// How a session gets to the desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// The proxy has one target.
    OneTarget,
    /// It has many, and the URL has a token.
    Token,
    /// Pages and sessions are for those with a password, which is typed once, for the page.
    Password,
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_desktop_is_seen_and_typed_at(
    #[values(Brand::Chromium, Brand::Firefox)] brand: Brand,
    #[values(Program::Ours, Program::Websockify)] program: Program,
    #[values(Way::OneTarget, Way::Token, Way::Password)] way: Way,
) {
    let missing = installed::missing(brand, program);
    if !missing.is_empty() {
        return skip(&format!("{} not installed", missing.join(", ")));
    }
    let folder = tempfile::tempdir().unwrap();
    let files = prepare(&folder);
    let desktop = Desktop::start(folder.path());
    let options = match way {
        Way::OneTarget => vec![desktop.address.to_string()],
        Way::Token => {
            let list = format!("other: 127.0.0.1:1\ndesk: {}\n", desktop.address);
            // websockify goes into the web folder, and reads a relative path from there.
            let path = folder.path().join("tokens");
            std::fs::write(&path, list).unwrap();
            let path = path.to_str().unwrap();
            ["--token-plugin", "TokenFile", "--token-source", path].map(str::to_owned).into()
        }
        Way::Password => {
            let options = ["--auth-plugin", "BasicHTTPAuth", "--auth-source", "anna:pass word"];
            let options = options.into_iter().chain(["--web-auth"]).map(str::to_owned);
            options.chain([desktop.address.to_string()]).collect()
        }
    };
    let proxy = Proxy::start(program, &files, &options);
    let browser = Browser::start(brand, folder.path(), &files.authority).await;

    let (who, query) = match way {
        Way::OneTarget => ("", ""),
        Way::Token => ("", "?token=desk"),
        Way::Password => ("anna:pass%20word@", ""),
    };
    let page = format!("https://{who}localhost:{}/page.html{query}", proxy.address.port());
    browser.go(&page).await;
    wait(&browser, "noVNC connects", "return told.connected").await;
    see_picture(&browser).await;
    browser.type_into("canvas", TYPED).await;
    assert_eq!(desktop.typed(TYPED.len()), TYPED);
    assert_eq!(browser.run("return told.ended").await, Value::Null);
    browser.end().await;
}

/// What the proxy is given.
struct Files {
    folder: std::path::PathBuf,
    authority: std::path::PathBuf,
}

/// A certificate for this machine, noVNC, and our page.
fn prepare(folder: &TempDir) -> Files {
    let certificates = folder.path().join("certificates");
    make(&Lab::new().unwrap(), Kind::Good, &Host::Name("localhost".to_owned()), &certificates)
        .unwrap();
    let web = folder.path().join("web");
    copy(&installed::novnc().unwrap(), &web);
    std::fs::write(web.join("page.html"), PAGE).unwrap();
    Files { folder: folder.path().to_owned(), authority: certificates.join("authority.pem") }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Waits until a script gives something that is true.
async fn wait(browser: &Browser, what: &str, script: &str) -> Value {
    let deadline = tokio::time::Instant::now() + LIMIT;
    loop {
        let value = browser.run(script).await;
        if !matches!(value, Value::Null | Value::Bool(false)) {
            return value;
        }
        if tokio::time::Instant::now() > deadline {
            let told = browser.run("return JSON.stringify(window.told)").await;
            panic!("{what}: not within {LIMIT:?}; the page was told {told}");
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

/// Waits until the canvas shows the picture: it comes in parts.
async fn see_picture(browser: &Browser) {
    let deadline = tokio::time::Instant::now() + LIMIT;
    loop {
        let seen = browser.pixels("canvas").await;
        let wrong = picture::differences(&seen);
        if wrong == 0 {
            return;
        }
        let size = seen.len() / 4;
        assert!(
            tokio::time::Instant::now() < deadline,
            "{wrong} pixels of {} are not those of the desktop; the canvas has {size}",
            picture::WIDTH * picture::HEIGHT
        );
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
