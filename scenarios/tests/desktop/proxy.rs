//! The program between browser and desktop.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use super::{
    Files,
    common::group::Group,
    common::{free_address, wait_for},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    Ours,
    Websockify,
}

/// It ends with this.
pub struct Proxy {
    pub address: SocketAddr,
    _group: Group,
}

impl Proxy {
    /// Starts it with TLS, noVNC, and what is behind the port on its command line.
    pub fn start(program: Program, files: &Files, behind: &[String]) -> Self {
        let mut command = match program {
            Program::Ours => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_wssure"));
                command.arg("proxy");
                command
            }
            Program::Websockify => Command::new("websockify"),
        };
        let address = free_address();
        let log = std::fs::File::create(files.folder.join("proxy.log")).unwrap();
        command
            .current_dir(&files.folder)
            .args([
                "--ssl-only",
                "--cert",
                "certificates/cert.pem",
                "--key",
                "certificates/key.pem",
            ])
            .args(["--web", "web"])
            .arg(address.to_string())
            .args(behind)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let group = Group::spawn(command);
        wait_for("the proxy listens", || std::net::TcpStream::connect(address).ok());
        Self { address, _group: group }
    }
}
