//! What a subject is to be started with.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use super::SubjectOption;

/// Where a subject is to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenAt {
    /// Any free port of this address.
    FreePort(IpAddr),
    /// This address and port, as after a restart.
    Exactly(SocketAddr),
}

/// What becomes of clients that speak `ws://` or `http://`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlainClients {
    /// They are served on the same port.
    #[default]
    Served,
    /// They are turned away: websockify's `--ssl-only`.
    Refused,
}

/// One start of a subject.
#[derive(Clone, Debug)]
pub struct Launch {
    /// Where it listens.
    pub listen: ListenAt,
    /// Where it forwards to.
    pub target: SocketAddr,
    /// The certificate file; none leaves it to the subject's default, for websockify `self.pem` in
    /// the working folder.
    pub cert: Option<PathBuf>,
    /// The private key, if it has a file of its own.
    pub key: Option<PathBuf>,
    /// The password of the private key.
    pub key_password: Option<String>,
    /// A folder to serve over HTTP.
    pub web: Option<PathBuf>,
    /// The authorities whose client certificates are good.
    pub cafile: Option<PathBuf>,
    /// The authorities whose certificates are good for the target.
    pub target_cafile: Option<PathBuf>,
    /// The name that the target's certificate must have.
    pub target_name: Option<String>,
    /// Options that take no value.
    pub switches: Vec<SubjectOption>,
    /// Whether clients without TLS are served.
    pub plain: PlainClients,
    /// The folder that it is started in.
    pub working_folder: PathBuf,
    /// What is started in front of the subject's own command, which is its last arguments: a program that changes what
    /// the subject may do, and becomes it.
    pub through: Vec<String>,
    /// The program that `{wssure}` stands for; none is the program that runs.
    pub wssure: Option<PathBuf>,
}

impl Launch {
    /// A start without any option, on a free port of 127.0.0.1.
    pub fn new(target: SocketAddr, working_folder: impl Into<PathBuf>) -> Self {
        Self {
            listen: ListenAt::FreePort(Ipv4Addr::LOCALHOST.into()),
            target,
            cert: None,
            key: None,
            key_password: None,
            web: None,
            cafile: None,
            target_cafile: None,
            target_name: None,
            switches: Vec::new(),
            plain: PlainClients::Served,
            working_folder: working_folder.into(),
            through: Vec::new(),
            wssure: None,
        }
    }

    /// The options that it takes to start like this.
    pub fn options(&self) -> Vec<SubjectOption> {
        [
            (SubjectOption::Cert, self.cert.is_some()),
            (SubjectOption::Key, self.key.is_some()),
            (SubjectOption::KeyPassword, self.key_password.is_some()),
            (SubjectOption::SslOnly, self.plain == PlainClients::Refused),
            (SubjectOption::Web, self.web.is_some()),
            (SubjectOption::Cafile, self.cafile.is_some()),
            (SubjectOption::TargetCafile, self.target_cafile.is_some()),
            (SubjectOption::TargetName, self.target_name.is_some()),
        ]
        .into_iter()
        .filter_map(|(option, asked)| asked.then_some(option))
        .chain(self.switches.iter().copied())
        .collect()
    }
}
