//! The command line with which each tool is a pipe to a URL, and judges its certificate as it does by default.

use std::{ffi::OsString, io, path::Path};

use http::header;
use serde_json::json;

use crate::{
    client::{
        Clock, Destination, Route,
        exchange::UpgradeRequest,
        real::{clock, definition::Tool},
    },
    host::Host,
    observation::TlsVersion,
    process::Invocation,
};

/// Where it finds what it trusts, in its folder.
pub(super) const AUTHORITIES: &str = "authorities.pem";
/// Where it leaves its secrets.
pub(super) const SECRETS: &str = "secrets";
/// A folder without a certificate in it, for a tool that would look into the system's as well.
const EMPTY: &str = "empty";

const NODE_SCRIPT: &str = include_str!("pipe.js");
const PYTHON_SCRIPT: &str = include_str!("pipe.py");

/// How a tool is run.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub program: &'a Path,
    pub folder: &'a Path,
    /// It offers no version of TLS above this.
    pub highest: TlsVersion,
    /// What time it is for it.
    pub clock: Clock,
}

/// What it is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asks<'a> {
    /// A WebSocket, by this request.
    Upgrade(&'a Destination, &'a UpgradeRequest),
    /// A page.
    Page(&'a Destination),
}

impl Asks<'_> {
    fn url(&self) -> &Destination {
        match self {
            Self::Upgrade(url, _) | Self::Page(url) => url,
        }
    }
}

/// The command line of that tool.
///
/// # Errors
/// A file in its folder cannot be written.
pub(super) fn of(tool: Tool, line: &Line<'_>, asks: &Asks<'_>) -> io::Result<Invocation> {
    let secrets = line.folder.join(SECRETS);
    let invocation = clock::invocation(line.clock, line.program, line.folder);
    Ok(match tool {
        Tool::Curl => {
            std::fs::create_dir_all(line.folder.join(EMPTY))?;
            invocation.arguments(curl(line, asks)).environment("SSLKEYLOGFILE", secrets)
        }
        Tool::Openssl => invocation.arguments(openssl(line, asks.url())),
        Tool::Gnutls => {
            invocation.arguments(gnutls(line, asks.url())).environment("SSLKEYLOGFILE", secrets)
        }
        Tool::Node => {
            let script = line.folder.join("pipe.js");
            std::fs::write(&script, NODE_SCRIPT)?;
            let mut keylog = OsString::from("--tls-keylog=");
            keylog.push(secrets);
            // It says on every run that its secrets are written down.
            let before = [keylog, "--no-warnings".into(), script.into()];
            invocation.arguments(before).arguments([ask(line, asks.url(), "TLSv1.2", "TLSv1.3")])
        }
        Tool::Python => {
            let script = line.folder.join("pipe.py");
            std::fs::write(&script, PYTHON_SCRIPT)?;
            let before: [OsString; 2] = ["-I".into(), script.into()];
            invocation.arguments(before).arguments([ask(line, asks.url(), "TLSv1_2", "TLSv1_3")])
        }
    })
}

/// What our scripts are asked, with the language's own names for TLS 1.2 and 1.3.
fn ask(line: &Line<'_>, url: &Destination, tls12: &str, tls13: &str) -> String {
    let highest = match line.highest {
        TlsVersion::Tls12 => tls12,
        TlsVersion::Tls13 => tls13,
    };
    json!({
        "port": url.port,
        "host": url.host.bare(),
        "authorities": line.folder.join(AUTHORITIES),
        "secrets": line.folder.join(SECRETS),
        "highest": url.scheme.is_secure().then_some(highest),
    })
    .to_string()
}

/// curl gets the request on its command line, and its body, which is all that we send after the answer, from us.
fn curl(line: &Line<'_>, asks: &Asks<'_>) -> Vec<OsString> {
    let url = asks.url();
    let page = if url.scheme.is_secure() { "https" } else { "http" };
    // -q comes first, or its own settings are read. No --max-time: with it, curl waits for our next bytes before it
    // looks whether the server has sent any (tool_cb_rea.c), and we end it anyway.
    let mut arguments: Vec<OsString> = ["-q", "--silent", "--show-error", "--no-buffer"]
        .into_iter()
        .chain(["--http1.1", "--noproxy", "*", "--path-as-is"])
        .map(OsString::from)
        .collect();
    arguments.extend(["--cacert".into(), AUTHORITIES.into(), "--capath".into(), EMPTY.into()]);
    if line.highest == TlsVersion::Tls12 {
        arguments.extend(["--tls-max".into(), "1.2".into()]);
    }
    if let Route::To(address) | Route::ToNobody(address) = url.route {
        let way = format!("{}:{}:{}:{}", url.host, url.port, address.ip(), address.port());
        arguments.extend(["--connect-to".into(), way.into()]);
    }
    // The head of the answer before its body, as it came.
    arguments.extend(["--dump-header".into(), "-".into()]);
    match asks {
        Asks::Upgrade(_, request) => {
            // What follows the answer is no HTTP, and goes both ways as it is.
            arguments.extend(
                ["--http0.9", "--request", "GET", "--upload-file", "."].map(OsString::from),
            );
            for unwanted in ["Transfer-Encoding:", "Expect:"] {
                arguments.extend(["--header".into(), unwanted.into()]);
            }
            for (name, value) in request.headers() {
                if let (true, Ok(value)) = (name != header::HOST, value.to_str()) {
                    arguments.extend(["--header".into(), format!("{name}: {value}").into()]);
                }
            }
        }
        // A page for our reader of HTTP, which ends where the connection does.
        Asks::Page(_) => arguments.extend(["--header".into(), "Connection: close".into()]),
    }
    arguments.push(format!("{page}://{}{}", url.authority(), url.path).into());
    arguments
}

fn openssl(line: &Line<'_>, url: &Destination) -> Vec<OsString> {
    let host = url.host.bare().into_owned();
    let mut arguments: Vec<OsString> = ["s_client", "-quiet", "-verify_return_error", "-CAfile"]
        .into_iter()
        .chain([AUTHORITIES, "-no-CApath", "-no-CAstore", "-keylogfile", SECRETS, "-connect"])
        .map(OsString::from)
        .collect();
    arguments.push(format!("127.0.0.1:{}", url.port).into());
    // An address is not sent as a name (RFC 6066 section 3), and looked for among the addresses.
    let name = match url.host {
        Host::Name(_) => {
            ["-servername", &host, "-verify_hostname", &host].map(OsString::from).to_vec()
        }
        Host::Address(_) => ["-noservername", "-verify_ip", &host].map(OsString::from).to_vec(),
    };
    arguments.extend(name);
    if line.highest == TlsVersion::Tls12 {
        arguments.push("-no_tls1_3".into());
    }
    arguments
}

fn gnutls(line: &Line<'_>, url: &Destination) -> Vec<OsString> {
    let host = url.host.bare().into_owned();
    let mut arguments: Vec<OsString> = [
        // What it tells is not to be mixed with what the server sends.
        "--logfile=/dev/stderr".to_owned(),
        format!("--port={}", url.port),
        format!("--x509cafile={AUTHORITIES}"),
        format!("--verify-hostname={host}"),
        match url.host {
            Host::Name(_) => format!("--sni-hostname={host}"),
            Host::Address(_) => "--disable-sni".to_owned(),
        },
    ]
    .map(OsString::from)
    .to_vec();
    if line.highest == TlsVersion::Tls12 {
        arguments.push("--priority=NORMAL:-VERS-TLS1.3".into());
    }
    arguments.push("127.0.0.1".into());
    arguments
}
