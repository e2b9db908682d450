//! The keys of a lab: RSA keys are slow to make, so each is made once and kept.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Key, KeyType, MintError};

/// Whose key it is: no two certificates of one chain share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::certificate) enum Role {
    Leaf,
    Intermediate,
    Root,
}

/// A place for a key, which whoever comes first fills while the others wait.
type Place = Arc<Mutex<Option<Key>>>;

/// Makes keys. One of RSA is made once for each type and role, when it is first asked for: RSA-2048
/// takes a tenth of a second, RSA-8192 many seconds. All others are new each time.
#[derive(Default)]
pub(in crate::certificate) struct Keyring {
    kept: Mutex<BTreeMap<(KeyType, Role), Place>>,
}

impl Keyring {
    pub(in crate::certificate) fn key(&self, of: KeyType, role: Role) -> Result<Key, MintError> {
        if !of.is_rsa() {
            return Key::generate(of);
        }
        // Two locks, so that nobody waits for a key of another type.
        let place = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(kept.entry((of, role)).or_default())
        };
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        match &*place {
            Some(key) => Ok(key.clone()),
            None => Ok(place.insert(Key::generate(of)?).clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_rsa_is_made_once_for_each_role_and_every_other_is_new() {
        let keyring = Keyring::default();
        let of = |of, role| keyring.key(of, role).unwrap().public().unwrap();
        assert_eq!(of(KeyType::Rsa1024, Role::Leaf), of(KeyType::Rsa1024, Role::Leaf));
        assert_ne!(of(KeyType::Rsa1024, Role::Leaf), of(KeyType::Rsa1024, Role::Root));
        assert_ne!(of(KeyType::P384, Role::Leaf), of(KeyType::P384, Role::Leaf));
    }
}
