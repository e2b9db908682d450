//! What a file holds where a certificate or a key in PEM is expected.

use super::explain::fresh;

/// What a file is that should be a PEM file with a certificate or a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LooksLike {
    /// A certificate in DER.
    DerCertificate,
    /// A private key in DER.
    DerKey,
    /// PKCS#12 (`.p12`, `.pfx`).
    Pkcs12,
    /// PKCS#7 (`.p7b`), in DER.
    Pkcs7,
    /// A certificate request in DER.
    DerRequest,
    /// Text in UTF-16, as some Windows tools write it.
    Utf16,
    /// A Java keystore.
    JavaKeystore,
    /// None of these.
    Unknown,
}

impl LooksLike {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::DerCertificate => "it looks like a certificate in DER form",
            Self::DerKey => "it looks like a private key in DER form",
            Self::Pkcs12 => "it looks like PKCS#12 (.p12, .pfx)",
            Self::Pkcs7 => "it looks like PKCS#7 (.p7b) in DER form",
            Self::DerRequest => "it looks like a certificate request in DER form",
            Self::Utf16 => "it looks like text in UTF-16",
            Self::JavaKeystore => "it looks like a Java keystore",
            Self::Unknown => "no line begins with -----BEGIN",
        }
    }

    pub(super) fn mend(self, file: &str) -> String {
        match self {
            Self::DerCertificate => {
                format!("openssl x509 -inform DER -in {file} -out {}", fresh(file, "cert.pem"))
            }
            Self::DerKey => {
                format!("openssl pkey -inform DER -in {file} -out {}", fresh(file, "key.pem"))
            }
            Self::Pkcs12 => {
                format!("openssl pkcs12 -in {file} -nodes -out {}", fresh(file, "self.pem"))
            }
            Self::Pkcs7 => format!(
                "openssl pkcs7 -inform DER -in {file} -print_certs -out {}",
                fresh(file, "cert.pem")
            ),
            Self::DerRequest => {
                "send it to an authority and use the certificate that comes back".to_owned()
            }
            Self::Utf16 => format!("iconv -f UTF-16 -t UTF-8 {file} > {}", fresh(file, "self.pem")),
            Self::JavaKeystore => {
                format!(
                    "keytool -importkeystore -srckeystore {file} -destkeystore s.p12 -deststoretype PKCS12, then openssl \
                     pkcs12 -in s.p12 -nodes -out {}",
                    fresh(file, "self.pem")
                )
            }
            Self::Unknown => "give a PEM file with the certificate and its private key".to_owned(),
        }
    }
}

/// What a file holds instead of what is missing in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Instead {
    /// A private key.
    Key,
    /// A certificate.
    Certificate,
    /// A certificate request.
    Request,
    /// A public key.
    PublicKey,
    /// A key in OpenSSH's own format.
    OpenSshKey,
    /// PKCS#7.
    Pkcs7,
    /// Other blocks.
    Other,
}

impl Instead {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Key => "only a private key",
            Self::Certificate => "only a certificate",
            Self::Request => "a certificate request (CSR), which is not a certificate yet",
            Self::PublicKey => "a public key, which is neither a certificate nor a private key",
            Self::OpenSshKey => "a key in OpenSSH's own format",
            Self::Pkcs7 => "PKCS#7 (.p7b)",
            Self::Other => "other blocks",
        }
    }
}
