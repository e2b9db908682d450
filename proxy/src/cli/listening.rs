//! The options that say where to listen, other than the port.

use std::path::PathBuf;

use clap::Args;

use super::{Options, PlaceToRun};
use crate::listen::HandedSockets;
use crate::proxy_protocol::TrustedSource;
use crate::settings::{AddressFamily, Endpoint, Listen, target_endpoint};
use crate::wrap::WrapError;

/// Why a command line names no place to listen, or no target.
type Words = String;

#[derive(Debug, Args)]
#[command(next_help_heading = "Listening")]
pub(super) struct ListenOptions {
    /// Listen on a Unix socket instead of SOURCE_PORT, which is left out then. A socket that a program left there is
    /// replaced; it is removed at the end
    #[arg(long, value_name = "PATH", conflicts_with = "inetd")]
    unix_listen: Option<PathBuf>,

    /// Permissions of that socket, in octal digits: who may write to it may connect
    #[arg(long, value_name = "MODE", default_value = "0600", value_parser = mode)]
    unix_listen_mode: u32,

    /// Serve the socket on standard input instead of SOURCE_PORT, which is left out then: a listening one, or one client
    #[arg(long)]
    inetd: bool,

    /// Where SOURCE_ADDR has IPv6 addresses, listen on them; without SOURCE_ADDR, on every address of IPv6 and IPv4
    #[arg(short = '6', long)]
    prefer_ipv6: bool,

    /// Expect a PROXY header (version 1 or 2) at the beginning of connections from a balancer, and take the client's
    /// address from it: ADDRESS, ADDRESS/PREFIX or unix, several with commas between them. Others may not send one
    #[arg(long, value_name = "SOURCE", value_delimiter = ',')]
    proxy_protocol: Vec<TrustedSource>,

    /// What systemd handed over, if there is no SOURCE_PORT.
    #[arg(skip)]
    handed: Option<HandedSockets>,
}

fn mode(text: &str) -> Result<u32, &'static str> {
    match u32::from_str_radix(text, 8) {
        Ok(mode @ 0..=0o777) => Ok(mode),
        _ => Err("give octal digits up to 0777, such as 0600 or 0660"),
    }
}

impl ListenOptions {
    fn instead_of_a_port(&self) -> bool {
        self.unix_listen.is_some() || self.inetd || self.handed.is_some()
    }

    /// Whose PROXY headers are believed.
    pub(super) fn trusted_sources(&mut self) -> Vec<TrustedSource> {
        std::mem::take(&mut self.proxy_protocol)
    }

    pub(super) fn listen(self, port: Option<Endpoint>) -> Listen {
        let family = if self.prefer_ipv6 { AddressFamily::Ipv6First } else { AddressFamily::Any };
        match (self.unix_listen, self.handed, port) {
            (Some(path), _, _) => Listen::Unix { path, mode: self.unix_listen_mode },
            (None, Some(handed), _) => Listen::Handed(handed),
            (None, None, Some(endpoint)) => Listen::Tcp(endpoint, family),
            (None, None, None) => unreachable!("place() requires one of them"),
        }
    }
}

impl Options {
    /// Tells source and target apart: where another option says where to listen, the only argument is the target.
    pub(super) fn place(&mut self) -> Result<(), Words> {
        let arguments = usize::from(self.listen.is_some()) + usize::from(self.target.is_some());
        let target_only = usize::from(self.needs_target());
        let listening = &mut self.listening;
        if listening.inetd {
            let socket = HandedSockets::standard_input();
            listening.handed =
                Some(socket.map_err(|error| format!("--inetd without standard input: {error}"))?);
        } else if listening.unix_listen.is_none()
            && self.running.place() == PlaceToRun::Foreground
            && arguments <= target_only
        {
            listening.handed = HandedSockets::from_systemd()
                .map_err(|error| format!("the sockets of systemd (LISTEN_FDS): {error}"))?;
        }
        self.wrap.check()?;
        let port = self.listen.as_ref().is_some_and(|endpoint| endpoint.port != 0);
        if self.wrap.is_given() && (listening.instead_of_a_port() || !port) {
            return Err(WrapError::NoPort.to_string());
        }
        if listening.instead_of_a_port() {
            if arguments > target_only {
                return Err("SOURCE_PORT is one argument too many: --unix-listen, --inetd or systemd say where to \
                            listen"
                    .to_owned());
            }
            if let Some(only) = self.listen.take() {
                self.target = Some(target_endpoint(&only.to_string())?);
            }
        } else if self.listen.is_none() {
            return Err(
                "no place to listen: give [SOURCE_ADDR:]SOURCE_PORT, or --unix-listen PATH"
                    .to_owned(),
            );
        }
        if self.target.is_none() && self.needs_target() {
            return Err("no target: give TARGET_ADDR:TARGET_PORT, --unix-target PATH, or --token-plugin CLASS".to_owned());
        }
        Ok(())
    }
}
