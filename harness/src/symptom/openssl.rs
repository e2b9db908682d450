//! OpenSSL's error codes: a library and a reason packed into one number, which is all that some messages say.
//!
//! `error:14094418` is of OpenSSL 1 (8 bits of library, 12 of function, 12 of reason; `ERR_GET_REASON`, err.h of 1.1.1),
//! `error:0A000418` of OpenSSL 3 (the sign, 8 bits of library, 23 of reason), and `[Errno 336151576]` is the first in
//! decimal, as Python 2 prints it. An alert from the other side is reason 1000 and its number
//! (`SSL_AD_REASON_OFFSET`, sslerr.h).

use std::sync::LazyLock;

use regex::Regex;

use crate::Alert;

/// The library number of TLS (`ERR_LIB_SSL`).
const TLS: u32 = 20;
/// `SSL_AD_REASON_OFFSET`
const ALERTS: u32 = 1000;

static HEXADECIMAL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:error:)?([01][0-9a-f]{7})\b").ok());
static DECIMAL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\[Errno (\d{9})\]").ok());

/// The codes in these words, and the alerts that they say the other side has sent.
pub(super) fn alerts(words: &str) -> Vec<(&str, Alert)> {
    let found = |pattern: &'static LazyLock<Option<Regex>>, radix: u32| {
        let all = pattern.iter().flat_map(move |pattern| pattern.captures_iter(words));
        all.filter_map(move |found| {
            let number = u32::from_str_radix(found.get(1)?.as_str(), radix).ok()?;
            Some((found.get(0)?.as_str(), alert(number)?))
        })
    };
    found(&HEXADECIMAL, 16).chain(found(&DECIMAL, 10)).collect()
}

fn alert(code: u32) -> Option<Alert> {
    let reason = match (code >> 24, code >> 23) {
        (TLS, _) => code & 0xfff,
        (_, TLS) => code & 0x7f_ffff,
        _ => return None,
    };
    u8::try_from(reason.checked_sub(ALERTS)?).ok().map(Alert)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_in_both_forms_of_a_code() {
        assert_eq!(alert(0x1409_4418), Some(Alert(48)));
        assert_eq!(alert(0x0a00_0418), Some(Alert(48)));
        assert_eq!(alert(0x1409_4412), Some(Alert(42)));
        assert_eq!(alert(0x0a00_045c), Some(Alert(116)));
        assert_eq!(alert(0x140b_0009), None, "of a PEM file");
        assert_eq!(alert(0x0b08_0074), None, "of another library");
    }

    #[test]
    fn codes_are_found_where_they_stand() {
        let words =
            "140735242:error:14094416:SSL routines:x; error:0A000412:SSL; [Errno 336151576] [SSL";
        let found: Vec<Alert> = alerts(words).into_iter().map(|(_, alert)| alert).collect();
        assert_eq!(found, [46, 42, 48].map(Alert));
        assert_eq!(alerts("00000000 ffffffff 14094418f"), []);
    }
}
