//! The options that say where sessions go when it is not `TARGET_ADDR:TARGET_PORT`, and how.

use std::path::PathBuf;

use clap::Args;

use crate::settings::{TargetTls, TargetTrust};
use crate::target::KeyPin;

#[derive(Debug, Args)]
#[command(next_help_heading = "Target")]
pub(super) struct TargetOptions {
    /// Relay to a Unix socket instead of TARGET_ADDR:TARGET_PORT
    #[arg(long, value_name = "PATH", conflicts_with = "target")]
    pub(super) unix_target: Option<PathBuf>,

    /// Speak TLS to the target, and verify its certificate by the system's authorities
    #[arg(long, conflicts_with = "unix_target")]
    ssl_target: bool,

    /// PEM file with the authorities that may have issued the target's certificate, or with that certificate itself
    #[arg(long, value_name = "FILE", requires = "ssl_target")]
    ssl_target_cafile: Option<PathBuf>,

    /// Name that the target's certificate must have, and that is asked for (SNI) [default: TARGET_ADDR]
    #[arg(long, value_name = "NAME", requires = "ssl_target")]
    ssl_target_name: Option<String>,

    /// Public key that the target must have: sha256// and the base64 of the SHA-256 of its SubjectPublicKeyInfo, as curl has
    /// it, or that in hexadecimal digits. Once for each of several keys. The certificate may then be issued by anybody,
    /// unless --ssl-target-cafile names who
    #[arg(long, value_name = "KEY", requires = "ssl_target")]
    ssl_target_pin: Vec<KeyPin>,

    /// Do not verify the target's certificate: who stands between can read and change everything
    #[arg(long, requires = "ssl_target", conflicts_with_all = ["ssl_target_cafile", "ssl_target_pin"])]
    ssl_target_insecure: bool,
}

impl TargetOptions {
    /// How the target is spoken to over TLS, if it is.
    pub(super) fn tls(&self) -> Option<TargetTls> {
        let trust = match (self.ssl_target_insecure, &self.ssl_target_cafile) {
            (true, _) => TargetTrust::Anything,
            (false, Some(file)) => TargetTrust::File(file.clone()),
            (false, None) if !self.ssl_target_pin.is_empty() => TargetTrust::Key,
            (false, None) => TargetTrust::System,
        };
        self.ssl_target.then(|| TargetTls {
            trust,
            pins: self.ssl_target_pin.clone(),
            name: self.ssl_target_name.clone(),
        })
    }
}
