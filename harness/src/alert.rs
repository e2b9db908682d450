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

/// How the proxy's table names a number that no document assigns.
const UNASSIGNED: &str = "unassigned";

impl Alert {
    /// The name in the RFCs, if it has one: from the proxy's own table, so that there is one.
    pub fn name(self) -> Option<&'static str> {
        Some(wssure_proxy::Alert(self.0).name()).filter(|name| *name != UNASSIGNED)
    }

    /// Whether a client that sends it says that it refuses the server's certificate.
    pub fn is_of_certificate(self) -> bool {
        wssure_proxy::Alert(self.0).concern() == wssure_proxy::Concern::Certificate
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
        let known = (0..=u8::MAX).map(Self).find(|alert| alert.name() == Some(&name));
        let number =
            || name.strip_prefix("alert_").and_then(|number| number.parse().ok()).map(Self);
        known.or_else(number).ok_or_else(|| {
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
