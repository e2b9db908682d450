//! TLS alerts by number and name.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A TLS alert: its number on the wire.
///
/// In data files and reports it is written by its name in RFC 8446 section 6
/// (`unknown_ca`), and a number that has none as `alert_200`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Alert(pub u8);

/// RFC 8446 section 6, RFC 5246 section 7.2, RFC 6066 section 9, RFC 7507, RFC 4279.
const NAMES: &[(u8, &str)] = &[
    (0, "close_notify"),
    (10, "unexpected_message"),
    (20, "bad_record_mac"),
    (21, "decryption_failed"),
    (22, "record_overflow"),
    (30, "decompression_failure"),
    (40, "handshake_failure"),
    (41, "no_certificate"),
    (42, "bad_certificate"),
    (43, "unsupported_certificate"),
    (44, "certificate_revoked"),
    (45, "certificate_expired"),
    (46, "certificate_unknown"),
    (47, "illegal_parameter"),
    (48, "unknown_ca"),
    (49, "access_denied"),
    (50, "decode_error"),
    (51, "decrypt_error"),
    (60, "export_restriction"),
    (70, "protocol_version"),
    (71, "insufficient_security"),
    (80, "internal_error"),
    (86, "inappropriate_fallback"),
    (90, "user_canceled"),
    (100, "no_renegotiation"),
    (109, "missing_extension"),
    (110, "unsupported_extension"),
    (111, "certificate_unobtainable"),
    (112, "unrecognized_name"),
    (113, "bad_certificate_status_response"),
    (114, "bad_certificate_hash_value"),
    (115, "unknown_psk_identity"),
    (116, "certificate_required"),
    (120, "no_application_protocol"),
    (121, "ech_required"),
];

impl Alert {
    /// The end of the data, not an error.
    pub const CLOSE_NOTIFY: Self = Self(0);

    /// The name in the RFC, if it has one.
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|(number, _)| *number == self.0).map(|(_, name)| *name)
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "alert_{}", self.0),
        }
    }
}

impl From<Alert> for String {
    fn from(alert: Alert) -> Self {
        alert.to_string()
    }
}

impl TryFrom<String> for Alert {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let known = NAMES.iter().find(|(_, known)| *known == name).map(|(number, _)| *number);
        let number = || name.strip_prefix("alert_").and_then(|number| number.parse().ok());
        known.or_else(number).map(Self).ok_or_else(|| {
            format!("there is no TLS alert `{name}`; the names are those of RFC 8446 section 6, such as unknown_ca")
        })
    }
}

impl JsonSchema for Alert {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Alert".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A TLS alert by its name in RFC 8446 section 6, or `alert_N`"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_survives_its_name() {
        for number in 0..=255 {
            let alert = Alert(number);
            assert_eq!(Alert::try_from(alert.to_string()), Ok(alert));
        }
        assert_eq!(Alert(48).to_string(), "unknown_ca");
    }

    #[test]
    fn a_name_that_is_none_is_refused() {
        assert!(Alert::try_from("unknown-ca".to_owned()).is_err());
    }
}
