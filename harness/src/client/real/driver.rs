//! The program between us and a browser: chromedriver, geckodriver, WebKitWebDriver.

use std::{net::Ipv4Addr, time::Duration};

use tokio::{
    net::TcpStream,
    time::{Instant, sleep},
};

use crate::{
    client::Trouble,
    free_port::free_port,
    process::{Invocation, Process},
};

/// How long a driver may take to listen.
const READY_LIMIT: Duration = Duration::from_secs(20);
/// Between two attempts to connect: nothing tells when a port begins to listen.
const CONNECT_AGAIN: Duration = Duration::from_millis(10);
/// How often another port is tried when somebody else takes the one that was free.
const PORTS_TRIED: usize = 3;
/// How many of its last lines are told when it fails.
const LINES_TOLD: usize = 5;

/// A driver that listens, and ends with its browser when this is dropped.
#[derive(Debug)]
pub(super) struct DriverProcess {
    process: Process,
    port: u16,
}

impl DriverProcess {
    /// Starts one. `invocation` is told the port it must listen at.
    pub(super) async fn start(
        invocation: impl Fn(u16) -> Invocation + Send,
    ) -> Result<Self, Trouble> {
        let mut last = Trouble::Broke("the driver was not started".to_owned());
        for _ in 0..PORTS_TRIED {
            // Else a witness that asks for any port before the driver has bound it gets the driver's commands.
            let port = free_port(Ipv4Addr::LOCALHOST.into())
                .map_err(|error| Trouble::Broke(format!("no free port on 127.0.0.1: {error}")))?
                .port();
            let invocation = invocation(port);
            let program = invocation.program.display().to_string();
            let process = Process::spawn(invocation)
                .map_err(|error| Trouble::Broke(format!("{program} cannot be run: {error}")))?;
            let driver = Self { process, port };
            match driver.listens().await {
                Ok(()) => return Ok(driver),
                Err(why) => last = Trouble::Broke(format!("{program} {why}{}", driver.words())),
            }
        }
        Err(last)
    }

    /// Ends it with all that it has started.
    pub(super) async fn end(self) {
        self.process.kill().await;
    }

    /// Where it answers.
    pub(super) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Whether it is still there.
    pub(super) fn is_running(&self) -> bool {
        self.process.exited().is_none()
    }

    /// The last that it said, for whoever must find out why it failed.
    pub(super) fn words(&self) -> String {
        let lines = self.process.log().lines();
        let last: Vec<&str> =
            lines.iter().rev().take(LINES_TOLD).map(|line| line.text.as_str()).collect();
        match last.is_empty() {
            true => String::new(),
            false => {
                format!("; it said: {}", last.into_iter().rev().collect::<Vec<_>>().join(" | "))
            }
        }
    }

    async fn listens(&self) -> Result<(), String> {
        let deadline = Instant::now() + READY_LIMIT;
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            if let Some(status) = self.process.exited() {
                return Err(format!("ended at once ({status})"));
            }
            if Instant::now() > deadline {
                return Err(format!("does not listen after {} s", READY_LIMIT.as_secs()));
            }
            sleep(CONNECT_AGAIN).await;
        }
        Ok(())
    }
}
