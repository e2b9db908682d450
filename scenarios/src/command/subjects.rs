//! `wssure list subjects`: the proxies that can be tested, and whether they can be tested here.

use std::{
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use tokio::time::Instant;
use wssure_harness::subject::{Launch, StartFailure, Subject};

use super::list::table;
use crate::{exit::Failure, interrupt::run_until_interrupted};

/// How long a proxy may take to start.
const LIMIT: Duration = Duration::from_secs(15);
/// Where the proxies relay to: nobody connects to them here, so it does not matter.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9);

/// Lists them. Only a start shows whether one is there, so each is started.
pub(super) fn list(out: &mut dyn Write) -> Result<(), Failure> {
    let subjects = Subject::builtin_definitions()?;
    let folder = tempfile::Builder::new().prefix("wssure-").tempdir().map_err(|source| {
        Failure::System { doing: "make a temporary folder (TMPDIR names another place)", source }
    })?;
    let launch = Launch::new(NOWHERE, folder.path());
    let rows = run_until_interrupted(async {
        let mut rows = Vec::new();
        for subject in &subjects {
            let state = state(subject, &launch).await;
            rows.push([subject.name().to_owned(), subject.title().to_owned(), state]);
        }
        Ok(rows)
    })?;
    Ok(table(rows.into_iter(), out)?)
}

async fn state(subject: &Subject, launch: &Launch) -> String {
    let deadline = Instant::now() + LIMIT;
    match subject.start(launch, deadline).await {
        Ok(running) => {
            running.stop().await;
            match subject.version(launch, deadline).await {
                Some(version) => format!("installed: {version}"),
                None => "installed".to_owned(),
            }
        }
        Err(StartFailure::CommandNotFound { .. }) => {
            format!("not installed: {}", subject.install())
        }
        Err(error) => {
            let error = error.to_string();
            format!("does not start: {}", error.lines().next().unwrap_or_default())
        }
    }
}
