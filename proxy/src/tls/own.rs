//! Certificates that are trusted because they stand in a file of authorities themselves.

use rustls::{CertificateError, Error};
use rustls_pki_types::UnixTime;
use std::time::Duration;
use x509_parser::prelude::{FromDer, X509Certificate};

/// What is left to verify of a certificate that is trusted as it is: its dates.
pub(crate) fn check_dates(certificate: &[u8], now: UnixTime) -> Result<(), Error> {
    let (_, parsed) =
        X509Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
    let seconds = |time: i64| UnixTime::since_unix_epoch(Duration::from_secs(time.max(0) as u64));
    let not_before = seconds(parsed.validity().not_before.timestamp());
    let not_after = seconds(parsed.validity().not_after.timestamp());
    if now < not_before {
        return Err(CertificateError::NotValidYetContext { time: now, not_before }.into());
    }
    if now > not_after {
        return Err(CertificateError::ExpiredContext { time: now, not_after }.into());
    }
    Ok(())
}
