//! What `inspect_der` is fed: a byte for the host, one for how many are trusted, and certificates, each behind its
//! length in three octets as in a Certificate message (RFC 5246 section 7.4.2).

use rustls_pki_types::CertificateDer;
use wssure_harness::host::Host;

use crate::HOSTS;

/// A question to the engine.
#[derive(Debug)]
pub struct Input {
    /// Which of [`HOSTS`].
    pub host: u8,
    /// How many certificates, the last ones, are trusted; the others are sent.
    pub trusted: u8,
    /// All of them.
    pub certificates: Vec<CertificateDer<'static>>,
}

impl Input {
    /// Reads what there is: of a certificate that is cut short, its beginning.
    pub fn read(bytes: &[u8]) -> Self {
        let (head, mut rest) = bytes.split_at(bytes.len().min(2));
        let mut certificates = Vec::new();
        while let Some((length, after)) = rest.split_first_chunk::<3>() {
            let [high, middle, low] = length.map(usize::from);
            let (certificate, after) =
                after.split_at(after.len().min(high << 16 | middle << 8 | low));
            certificates.push(certificate.to_vec().into());
            rest = after;
        }
        let byte = |index: usize| head.get(index).copied().unwrap_or_default();
        Self { host: byte(0), trusted: byte(1), certificates }
    }

    /// Writes it so that it is read again.
    pub fn write(&self) -> Vec<u8> {
        let mut bytes = vec![self.host, self.trusted];
        for certificate in &self.certificates {
            let [.., high, middle, low] = certificate.len().to_be_bytes();
            bytes.extend([high, middle, low]);
            bytes.extend_from_slice(certificate);
        }
        bytes
    }

    /// The host in the URL.
    pub fn host(&self) -> &'static Host {
        &HOSTS[usize::from(self.host) % HOSTS.len()]
    }

    /// The certificates that are sent, and those that are trusted.
    pub fn split(&self) -> (&[CertificateDer<'static>], &[CertificateDer<'static>]) {
        let sent = self.certificates.len().saturating_sub(self.trusted.into());
        self.certificates.split_at(sent)
    }
}
