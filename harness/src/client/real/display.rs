//! A display without a screen, for browsers that cannot do without one: Xvfb.

use std::{path::Path, time::Duration};

use tokio::time::Instant;

use crate::{
    client::Trouble,
    process::{Invocation, Process},
};

/// How long it may take to be there.
const READY_LIMIT: Duration = Duration::from_secs(20);

/// A display that ends when this is dropped.
#[derive(Debug)]
pub(super) struct Display {
    process: Process,
    number: u32,
}

impl Display {
    /// Starts one on a number of its own choice.
    pub(super) async fn start(xvfb: &Path, folder: &Path) -> Result<Self, Trouble> {
        // It prints the number once it is ready.
        let invocation = Invocation::new(xvfb, folder).arguments([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1024x768x24",
            "-nolisten",
            "tcp",
        ]);
        let process = Process::spawn(invocation)
            .map_err(|error| Trouble::Broke(format!("{}: {error}", xvfb.display())))?;
        let log = process.log().clone();
        let number = |line: &crate::process::Line| line.text.trim().parse::<u32>().ok();
        let deadline = Instant::now() + READY_LIMIT;
        let said = log.wait_for(log.start(), deadline, |lines| {
            lines.iter().any(|line| number(line).is_some())
        });
        said.await.map_err(|error| Trouble::Broke(format!("Xvfb did not start: {error}")))?;
        let number = log.lines().iter().find_map(number);
        let number =
            number.ok_or_else(|| Trouble::Broke("Xvfb told no display number".to_owned()))?;
        Ok(Self { process, number })
    }

    /// Ends it, so that it removes its socket.
    pub(super) async fn end(self) {
        self.process.stop().await;
    }

    /// What DISPLAY must say.
    pub(super) fn name(&self) -> String {
        format!(":{}", self.number)
    }
}
