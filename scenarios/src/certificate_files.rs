//! Certificates that an argument names: files of them, and the roots of this system.

use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;
use wssure_harness::inspect::certificates_of;

use crate::exit::Failure;

/// What clients are to trust: the certificates in those files, or this system's roots if there are none.
///
/// # Errors
/// A file cannot be used, or the system has no roots.
pub fn anchors(trust: &[PathBuf]) -> Result<Vec<CertificateDer<'static>>, Failure> {
    if !trust.is_empty() {
        let files = trust.iter().map(|file| read("--trust", file));
        return Ok(files.collect::<Result<Vec<_>, _>>()?.concat());
    }
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let reason = found.errors.first().map_or_else(String::new, |error| format!(" ({error})"));
        return Err(Failure::Call(format!(
            "this system has no root certificates{reason}; name a file of them with --trust FILE"
        )));
    }
    Ok(found.certs)
}

/// The certificates in a file, at least one, in their order: PEM blocks, or one certificate in DER.
///
/// # Errors
/// The file cannot be read, is damaged, or has none.
pub fn read(argument: &str, file: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    certificates_of(file)
        .map_err(|error| Failure::Call(format!("{argument} {}: {error}", file.display())))
}
