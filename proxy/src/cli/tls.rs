//! The options of TLS with clients: certificate, key, versions, client certificates.

use std::env::VarError;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::auth::password;
use crate::settings::{
    CertificateFiles, ClientCertificates, Password, PlainClients, Settings, TlsVersion, TlsVersions,
};
use crate::tls::Ciphers;

#[derive(Debug, Args)]
#[command(next_help_heading = "TLS with clients")]
pub(super) struct TlsOptions {
    /// PEM file with the certificate, its chain and, unless --key is given, the private key, in any order. Of several, each
    /// client gets the one with the name that it asks for (SNI), and the first if none has it, or it asks for none
    #[arg(long, value_name = "FILE", default_value = "self.pem")]
    cert: Vec<PathBuf>,

    /// PEM file with the private key, if it is not in the certificate file; of several certificates, one for each
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,

    /// Password of the private key (other users of this machine can read it in the list of processes, so better give it
    /// with --key-password-file or in the environment, as WSSURE_KEY_PASSWORD; options win over that)
    #[arg(long, value_name = "PASS", value_parser = password, conflicts_with = "key_password_file")]
    key_password: Option<Password>,

    /// File whose first line is the password of the private key
    #[arg(long, value_name = "FILE")]
    key_password_file: Option<PathBuf>,

    /// Refuse ws:// and http://; a certificate that cannot serve ends the start
    #[arg(long)]
    ssl_only: bool,

    /// Oldest TLS version to speak; TLS 1.1 is never spoken, and asking for it means 1.2
    #[arg(long, value_name = "VERSION", default_value = "default")]
    ssl_version: OldestVersion,

    /// Newest TLS version to speak [default: tlsv1_3]
    #[arg(long, value_name = "VERSION")]
    ssl_max_version: Option<NewestVersion>,

    /// Ciphers of TLS 1.2 to speak, best first, as OpenSSL writes them, such as ECDHE+AESGCM:!ECDSA. Those of TLS 1.3 are
    /// always spoken
    #[arg(long, value_name = "LIST")]
    ssl_ciphers: Option<Ciphers>,

    /// Ask TLS clients for a certificate and refuse those without a good one; with =optional, serve those without one.
    /// Chromium shows no choice of certificates for a WebSocket: there, open the https:// address first
    #[arg(long, value_name = "WHETHER", num_args = 0..=1, require_equals = true, default_missing_value = "required")]
    verify_client: Option<VerifyClient>,

    /// PEM file with the authorities whose client certificates --verify-client accepts [default: the system's]
    #[arg(long, value_name = "FILE")]
    cafile: Option<PathBuf>,
}

/// The values of `--ssl-version`: websockify's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OldestVersion {
    Default,
    #[value(name = "tlsv1_1")]
    Tls11,
    #[value(name = "tlsv1_2")]
    Tls12,
    #[value(name = "tlsv1_3")]
    Tls13,
}

/// The values of `--ssl-max-version`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum NewestVersion {
    #[value(name = "tlsv1_2")]
    Tls12,
    #[value(name = "tlsv1_3")]
    Tls13,
}

/// The values of `--verify-client`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum VerifyClient {
    /// Refuse clients without a certificate
    Required,
    /// Serve them
    Optional,
}

/// Where the password of the private key may be, too.
const KEY_PASSWORD: &str = "WSSURE_KEY_PASSWORD";

impl TlsOptions {
    /// Whether clients are asked for a certificate.
    pub(super) fn client_certificates(&self) -> ClientCertificates {
        match self.verify_client {
            None => ClientCertificates::NotAsked,
            Some(VerifyClient::Required) => ClientCertificates::Required,
            Some(VerifyClient::Optional) => ClientCertificates::Optional,
        }
    }

    /// Says what is wrong with the number of keys.
    pub(super) fn check(&self) -> Result<(), String> {
        match (self.cert.len(), self.key.len()) {
            (_, 0) => Ok(()),
            (certificates, keys) if certificates == keys => Ok(()),
            (certificates, keys) => Err(format!(
                "--cert is given {certificates} times and --key {keys} times: give one --key for each --cert, in the same \
                 order, or none, with each key in the file of its certificate"
            )),
        }
    }

    /// Takes the password of the environment if no option says another. An empty one is none.
    pub(super) fn read_environment(&mut self) -> Result<(), String> {
        if self.key_password.is_none() && self.key_password_file.is_none() {
            self.key_password = match std::env::var(KEY_PASSWORD) {
                Ok(text) => Some(text).filter(|text| !text.is_empty()).map(Password::new),
                Err(VarError::NotPresent) => None,
                Err(VarError::NotUnicode(_)) => {
                    return Err(format!(
                        "{KEY_PASSWORD} is not UTF-8: give the password with --key-password-file"
                    ));
                }
            };
        }
        Ok(())
    }

    pub(super) fn put(self, settings: &mut Settings) {
        settings.client_certificates = self.client_certificates();
        let keys = self.key.into_iter().map(Some).chain(std::iter::repeat(None));
        let mut files = self.cert.into_iter().zip(keys);
        if let Some((cert, key)) = files.next() {
            settings.cert = cert;
            settings.key = key;
        }
        settings.further_certificates =
            files.map(|(cert, key)| CertificateFiles { cert, key }).collect();
        settings.key_password = self.key_password;
        settings.key_password_file = self.key_password_file;
        settings.plain = if self.ssl_only { PlainClients::Refused } else { PlainClients::Allowed };
        settings.ciphers = self.ssl_ciphers;
        settings.tls_versions = TlsVersions {
            oldest: match self.ssl_version {
                OldestVersion::Tls13 => TlsVersion::Tls13,
                OldestVersion::Default | OldestVersion::Tls11 | OldestVersion::Tls12 => {
                    TlsVersion::Tls12
                }
            },
            newest: match self.ssl_max_version {
                Some(NewestVersion::Tls12) => TlsVersion::Tls12,
                Some(NewestVersion::Tls13) | None => TlsVersion::Tls13,
            },
        };
        settings.client_authorities = self.cafile;
    }
}
