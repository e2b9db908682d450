//! Certificate authorities to verify others with: those of a file, or the system's.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::identity::{IdentityError, Instead, LooksLike, certificates_of};

/// Names shown of a file's authorities; more would make a line nobody reads.
const SHOWN: usize = 3;

/// Authorities, ready to verify with.
#[derive(Clone, Debug)]
pub(crate) struct Authorities {
    pub(crate) roots: Arc<RootCertStore>,
    /// The certificates of the file, for clients and targets that show one of these themselves. Empty for the
    /// system's, which are nobody's own.
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    pub(crate) origin: AuthoritiesOrigin,
}

/// Where authorities come from. `Display` completes "issued by ...".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthoritiesOrigin {
    /// A file.
    File {
        /// The file.
        file: PathBuf,
        /// Distinguished names of the authorities in it.
        subjects: Vec<String>,
    },
    /// The system.
    System {
        /// How many it has.
        count: usize,
    },
}

impl fmt::Display for AuthoritiesOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, subjects } => {
                let shown = &subjects[..subjects.len().min(SHOWN)];
                write!(f, "the authorities of {} ({}", file.display(), shown.join("; "))?;
                match subjects.len() - shown.len() {
                    0 => f.write_str(")"),
                    more => write!(f, "; and {more} more)"),
                }
            }
            Self::System { count } => write!(f, "the system's {count} authorities"),
        }
    }
}

/// Why there are no authorities to verify with.
#[derive(Debug)]
#[non_exhaustive]
pub enum AuthoritiesError {
    /// The file cannot be used.
    File(Box<IdentityError>),
    /// A certificate of the file can be no authority.
    Unusable {
        /// The file.
        file: PathBuf,
        /// Its position among the certificates, from 1.
        position: usize,
        /// What the verifier says.
        reason: String,
    },
    /// The system has none, or none that can be read.
    System(String),
}

impl fmt::Display for AuthoritiesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => {
                write!(
                    f,
                    "{} (OpenSSL: {}); {}",
                    error.reason(),
                    error.openssl_words(),
                    mend(error)
                )
            }
            Self::Unusable { file, position, reason } => write!(
                f,
                "{}, certificate number {position} cannot be an authority: {reason}; take it out, or give the \
                 authority's own certificate",
                file.display()
            ),
            Self::System(reason) => write!(
                f,
                "the system has no certificate authorities{reason}; install them (the package ca-certificates), or name \
                 a file with authorities"
            ),
        }
    }
}

impl std::error::Error for AuthoritiesError {}

/// What to do about a file that should hold authorities. Where the file has another form, the conversion is that of
/// any certificate file.
fn mend(error: &IdentityError) -> String {
    match error {
        IdentityError::Missing { .. } => {
            "give the path of a PEM file with the certificates of the authorities".to_owned()
        }
        IdentityError::IsDirectory { .. } => {
            "name a file: the certificates of several authorities can stand in one, cat *.pem > authorities.pem"
                .to_owned()
        }
        IdentityError::Empty { .. } => "write the certificates of the authorities to it".to_owned(),
        IdentityError::NotPem { looks_like: LooksLike::Pkcs12, file } => {
            format!("openssl pkcs12 -in {} -cacerts -nokeys -out authorities.pem", file.display())
        }
        IdentityError::NotPem { looks_like: LooksLike::Unknown, .. } => {
            "give a PEM file with the certificates of the authorities".to_owned()
        }
        IdentityError::NoCertificate { instead: Instead::Key, .. } => {
            "give the authority's certificate; its key is needed for issuing only, and should not be here".to_owned()
        }
        other => other.mend(),
    }
}

impl Authorities {
    /// Those of `file`, or the system's.
    pub(crate) fn load(file: Option<&Path>) -> Result<Self, AuthoritiesError> {
        match file {
            Some(file) => Self::of_file(file),
            None => Self::of_system(),
        }
    }

    fn of_file(file: &Path) -> Result<Self, AuthoritiesError> {
        let certificates =
            certificates_of(file).map_err(|error| AuthoritiesError::File(Box::new(error)))?;
        let mut roots = RootCertStore::empty();
        for (index, certificate) in certificates.iter().enumerate() {
            roots.add(certificate.clone()).map_err(|error| AuthoritiesError::Unusable {
                file: file.to_owned(),
                position: index + 1,
                reason: error.to_string(),
            })?;
        }
        let subjects = certificates.iter().map(|certificate| subject(certificate)).collect();
        let origin = AuthoritiesOrigin::File { file: file.to_owned(), subjects };
        Ok(Self { roots: Arc::new(roots), certificates, origin })
    }

    /// Certificates of the system that cannot be used are passed over, as the system's own programs do.
    fn of_system() -> Result<Self, AuthoritiesError> {
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (count, _) = roots.add_parsable_certificates(found.certs);
        if count == 0 {
            let reason = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
            return Err(AuthoritiesError::System(reason));
        }
        let origin = AuthoritiesOrigin::System { count };
        Ok(Self { roots: Arc::new(roots), certificates: Vec::new(), origin })
    }
}

fn subject(certificate: &[u8]) -> String {
    match X509Certificate::from_der(certificate) {
        Ok((_, parsed)) => parsed.subject().to_string(),
        Err(_) => "unreadable".to_owned(),
    }
}
