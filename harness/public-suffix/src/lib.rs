//! Whether anybody may register names right below a domain.
//!
//! A crate of its own, because `psl` is the list as eleven thousand generic functions: whoever calls it has to compile
//! them, and to compile them again after every change. Here they are compiled once, beside everything else.

/// Whether it is a suffix of the list of publicsuffix.org without the list's private part, as Chromium takes it
/// (`EXCLUDE_PRIVATE_REGISTRIES`).
pub fn is_public_suffix(domain: &str) -> bool {
    let lower = domain.to_ascii_lowercase();
    psl::suffix(lower.as_bytes()).is_some_and(|suffix| {
        suffix.typ() == Some(psl::Type::Icann) && suffix.as_bytes().len() == lower.len()
    })
}

#[cfg(test)]
mod tests {
    use super::is_public_suffix;

    #[test]
    fn only_what_registries_name_is_one() {
        for suffix in ["com", "co.uk", "CO.UK"] {
            assert!(is_public_suffix(suffix), "{suffix}");
        }
        for domain in ["example.com", "example.co.uk", "s3.amazonaws.com", "test", ""] {
            assert!(!is_public_suffix(domain), "{domain}");
        }
    }
}
