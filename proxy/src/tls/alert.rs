//! TLS alerts by number: their names, OpenSSL's words for them, and what they mean when a client sends them.

use std::fmt;

/// A TLS alert, as its number on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Alert(pub u8);

/// What an alert says about our certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// The client does not accept the certificate.
    Certificate,
    /// The alert is about something else.
    Other,
}

/// Number, name (RFC 8446 section 6, RFC 5246 section 7.2, IANA registry), OpenSSL 3.0's reason string
/// (`ssl/ssl_err.c`), concern, and meaning when a client sends it.
type Row = (u8, &'static str, &'static str, Concern, &'static str);

use Concern::{Certificate, Other};

const FINISHED: &str = "the client ended the connection";
const DAMAGED: &str =
    "the client could not make sense of what it received; something between may change the bytes";
const ANOTHER_VERSION: &str = "the client and this proxy share no TLS version; this proxy speaks 1.2 and 1.3, unless it was told \
     otherwise";
const BUG: &str = "the client and this proxy disagree about the protocol; this is a defect of one of them, not of the \
                   certificate";

const ROWS: &[Row] = &[
    (0, "close_notify", "close notify", Other, FINISHED),
    (10, "unexpected_message", "sslv3 alert unexpected message", Other, BUG),
    (20, "bad_record_mac", "sslv3 alert bad record mac", Other, DAMAGED),
    (21, "decryption_failed", "tlsv1 alert decryption failed", Other, DAMAGED),
    (22, "record_overflow", "tlsv1 alert record overflow", Other, DAMAGED),
    (30, "decompression_failure", "sslv3 alert decompression failure", Other, DAMAGED),
    (
        40,
        "handshake_failure",
        "sslv3 alert handshake failure",
        Other,
        "the client found no acceptable set of parameters",
    ),
    (
        41,
        "no_certificate",
        "sslv3 alert no certificate",
        Other,
        "the client has no certificate of its own",
    ),
    (
        42,
        "bad_certificate",
        "sslv3 alert bad certificate",
        Certificate,
        "it says so for a self-signed certificate, for a name that is not in the certificate and for dates; open the \
         https:// address in it to see which, and accept the certificate there or replace it",
    ),
    (
        43,
        "unsupported_certificate",
        "sslv3 alert unsupported certificate",
        Certificate,
        "its purpose or its kind of key does not fit; use a certificate for server authentication",
    ),
    (
        44,
        "certificate_revoked",
        "sslv3 alert certificate revoked",
        Certificate,
        "its issuer revoked it; get another one",
    ),
    (
        45,
        "certificate_expired",
        "sslv3 alert certificate expired",
        Certificate,
        "it is expired or not yet valid; renew it, and compare the client's clock",
    ),
    (
        46,
        "certificate_unknown",
        "sslv3 alert certificate unknown",
        Certificate,
        "Chromium says so whatever is wrong with it; open the https:// address in it to see the reason, and accept the \
         certificate there or replace it",
    ),
    (47, "illegal_parameter", "sslv3 alert illegal parameter", Other, BUG),
    (
        48,
        "unknown_ca",
        "tlsv1 alert unknown ca",
        Certificate,
        "it does not know the issuer; install the issuer there, send missing intermediate certificates along, or open \
         the https:// address in it and accept the certificate",
    ),
    (
        49,
        "access_denied",
        "tlsv1 alert access denied",
        Certificate,
        "the certificate is valid but not wanted",
    ),
    (50, "decode_error", "tlsv1 alert decode error", Other, DAMAGED),
    (
        51,
        "decrypt_error",
        "tlsv1 alert decrypt error",
        Certificate,
        "a signature is wrong: that of the certificate or its chain, or the key is not the certificate's",
    ),
    (
        60,
        "export_restriction",
        "tlsv1 alert export restriction",
        Other,
        "the client is bound to export ciphers",
    ),
    (70, "protocol_version", "tlsv1 alert protocol version", Other, ANOTHER_VERSION),
    (
        71,
        "insufficient_security",
        "tlsv1 alert insufficient security",
        Other,
        "the client wants stronger parameters than this proxy or its certificate's key offers",
    ),
    (
        80,
        "internal_error",
        "tlsv1 alert internal error",
        Other,
        "the client failed for a reason of its own",
    ),
    (86, "inappropriate_fallback", "tlsv1 alert inappropriate fallback", Other, ANOTHER_VERSION),
    (90, "user_canceled", "tlsv1 alert user cancelled", Other, FINISHED),
    (100, "no_renegotiation", "tlsv1 alert no renegotiation", Other, BUG),
    (109, "missing_extension", "tlsv13 alert missing extension", Other, BUG),
    (110, "unsupported_extension", "tlsv1 unsupported extension", Other, BUG),
    (
        111,
        "certificate_unobtainable",
        "tlsv1 certificate unobtainable",
        Other,
        "the client could not fetch a certificate",
    ),
    (112, "unrecognized_name", "tlsv1 unrecognized name", Other, "the name asked for is not known"),
    (
        113,
        "bad_certificate_status_response",
        "tlsv1 bad certificate status response",
        Certificate,
        "it wants a valid OCSP response with it (the certificate may say must-staple), and this proxy sends none",
    ),
    (
        114,
        "bad_certificate_hash_value",
        "tlsv1 bad certificate hash value",
        Other,
        "a certificate has another digest",
    ),
    (
        115,
        "unknown_psk_identity",
        "tlsv1 alert unknown psk identity",
        Other,
        "the session to resume is not known",
    ),
    (
        116,
        "certificate_required",
        "tlsv13 alert certificate required",
        Other,
        "a client certificate was asked for; clients do not send this to servers",
    ),
    (
        117,
        "general_error",
        "tls alert general error",
        Other,
        "the client failed for a reason it does not tell",
    ),
    (
        120,
        "no_application_protocol",
        "tlsv1 alert no application protocol",
        Other,
        "the client and this proxy share no ALPN protocol; this proxy selects http/1.1 only",
    ),
    (
        121,
        "ech_required",
        "tlsv1 alert ech required",
        Other,
        "the client insists on Encrypted Client Hello",
    ),
];

impl Alert {
    /// A server misses the client's certificate (RFC 8446 section 4.4.2.4).
    pub(crate) const CERTIFICATE_REQUIRED: Self = Self(116);

    /// In TLS 1.2 it is what a server sends instead (RFC 5246 section 7.4.6).
    pub(crate) const HANDSHAKE_FAILURE: Self = Self(40);

    fn row(self) -> Option<&'static Row> {
        ROWS.iter().find(|row| row.0 == self.0)
    }

    /// Its name in the RFCs, in lower case; `unassigned` if it has none.
    pub fn name(self) -> &'static str {
        self.row().map_or("unassigned", |row| row.1)
    }

    /// What OpenSSL 3.0 prints when it receives the alert; people search for these words. `sslv3` in them does not
    /// mean that SSLv3 was spoken.
    pub fn openssl_words(self) -> &'static str {
        self.row().map_or("unknown alert type", |row| row.2)
    }

    /// Whether a client that sends it refuses our certificate.
    pub fn concern(self) -> Concern {
        self.row().map_or(Other, |row| row.3)
    }

    /// What it means when a client sends it, and what to do.
    pub fn meaning(self) -> &'static str {
        self.row().map_or("no document assigns this number", |row| row.4)
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.name())
    }
}

impl From<rustls::AlertDescription> for Alert {
    fn from(description: rustls::AlertDescription) -> Self {
        Self(description.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_stands_once_and_in_order() {
        assert!(ROWS.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn names_agree_with_rustls() {
        for row in ROWS {
            let rustls = format!("{:?}", rustls::AlertDescription::from(row.0)).to_lowercase();
            // rustls writes two of them in another way.
            let rustls =
                rustls.replace("recognised", "recognized").replace("encryptedclienthello", "ech");
            if !rustls.starts_with("alertdescription(") {
                assert_eq!(row.1.replace('_', ""), rustls, "alert {}", row.0);
            }
        }
    }

    #[test]
    fn an_unassigned_number_has_words_too() {
        assert_eq!(Alert(200).to_string(), "200 unassigned");
        assert_eq!(Alert(200).concern(), Concern::Other);
    }
}
