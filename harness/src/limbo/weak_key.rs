//! An RSA key that our TLS library finds too short to sign with: openssl(1) signs with any.

use std::{
    fmt,
    io::Write as _,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use rustls::{
    SignatureAlgorithm, SignatureScheme,
    sign::{Signer, SigningKey},
};
use tempfile::NamedTempFile;
use wait_timeout::ChildExt as _;

/// How long openssl may take.
const LIMIT: Duration = Duration::from_secs(10);

/// RSASSA-PSS with SHA-256 and a salt as long as that (RFC 8446 section 4.2.3).
const SIGN: &str = "dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -sign";

/// Such a key, in a file that only its owner may read.
pub(super) struct WeakRsa(Arc<NamedTempFile>);

impl WeakRsa {
    /// The key in that PEM; [`None`] if it is no RSA key, or there is no file for it.
    pub(super) fn new(pem: &str) -> Option<Self> {
        if !pem.contains("BEGIN RSA PRIVATE KEY") {
            return None;
        }
        let mut file = NamedTempFile::new().ok()?;
        file.write_all(pem.as_bytes()).ok()?;
        Some(Self(Arc::new(file)))
    }
}

impl SigningKey for WeakRsa {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let fits = offered.contains(&SignatureScheme::RSA_PSS_SHA256);
        fits.then(|| Box::new(Self(Arc::clone(&self.0))) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::RSA
    }
}

impl Signer for WeakRsa {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        sign(self.0.path(), message)
            .map_err(|why| rustls::Error::General(format!("openssl {SIGN}: {why}")))
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::RSA_PSS_SHA256
    }
}

impl fmt::Debug for WeakRsa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WeakRsa")
    }
}

fn sign(key: &std::path::Path, message: &[u8]) -> Result<Vec<u8>, String> {
    let told = |error: std::io::Error| error.to_string();
    // What is signed is some hundred bytes, and its signature too: both fit into a pipe, and nobody waits.
    let mut child = Command::new("openssl")
        .args(SIGN.split_whitespace())
        .arg(key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(told)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(message).map_err(told)?;
    }
    if child.wait_timeout(LIMIT).map_err(told)?.is_none() {
        child.kill().and_then(|()| child.wait()).map_err(told)?;
        return Err(format!("does not end within {} s", LIMIT.as_secs()));
    }
    let output = child.wait_with_output().map_err(told)?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(output.status.to_string()),
    }
}
