//! Whose a certificate is, as its names say.

use super::{MintError, key::fill_randomly};

/// Whose certificates are whose: an owner's name stands in their names as the organization.
///
/// Clients look for issuers by name among all the certificates that they have met. So a self-signed certificate
/// for a host may be tried as the issuer of another one for it, and the other is then refused for another reason
/// than its own (Firefox says SEC_ERROR_UNKNOWN_ISSUER, measured). Those of one owner are one story, as a
/// certificate and its renewal are; those of two owners never meet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner(String);

impl Owner {
    /// Somebody new.
    ///
    /// # Errors
    /// The system has no random bytes.
    pub fn new() -> Result<Self, MintError> {
        Ok(Self(format!("wssure {}", tag()?)))
    }

    pub(super) fn name(&self) -> &str {
        &self.0
    }
}

/// The same for all who are never judged by one client.
impl Default for Owner {
    fn default() -> Self {
        Self("wssure".to_owned())
    }
}

/// A part of a name that no other has.
pub(super) fn tag() -> Result<String, MintError> {
    let mut tag = [0; 4];
    fill_randomly(&mut tag)?;
    Ok(format!("{:08x}", u32::from_be_bytes(tag)))
}
