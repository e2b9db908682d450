//! How many connections of one address are open.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Crowded;
use crate::listen::Peer;

/// Counts connections by address.
pub(crate) struct Places {
    most: Option<NonZeroUsize>,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection's place, which is free again when this is dropped.
pub(crate) struct Place {
    places: Arc<Places>,
    address: Option<IpAddr>,
}

impl Places {
    /// Without `most`, everybody has one.
    pub(crate) fn new(most: Option<NonZeroUsize>) -> Arc<Self> {
        Arc::new(Self { most, open: Mutex::default() })
    }

    /// A place for a client; those without an address are not counted.
    pub(crate) fn take(self: &Arc<Self>, client: Peer) -> Result<Place, Crowded> {
        let address = client.address().filter(|_| self.most.is_some());
        if let Some((address, most)) = address.zip(self.most) {
            let mut all = self.open();
            let open = all.entry(address).or_default();
            if *open >= most.get() {
                return Err(Crowded::AtItsAddress(most.get()));
            }
            *open += 1;
        }
        Ok(Place { places: Arc::clone(self), address })
    }

    fn open(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut all = self.places.open();
        match all.get_mut(&address) {
            Some(2..) => *all.entry(address).or_default() -= 1,
            // Who has none is not remembered.
            _ => drop(all.remove(&address)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> Peer {
        Peer::Tcp(address.parse().unwrap())
    }

    #[test]
    fn places_of_one_address_are_limited_and_given_back() {
        let places = Places::new(NonZeroUsize::new(2));
        let first = places.take(client("10.0.0.1:1")).unwrap();
        let _second = places.take(client("10.0.0.1:2")).unwrap();
        let refused = places.take(client("10.0.0.1:3")).err();
        assert_eq!(refused, Some(Crowded::AtItsAddress(2)));
        let _other = places.take(client("10.0.0.2:1")).unwrap();
        let unix: Vec<_> = (0..5).map(|_| places.take(Peer::Unix).unwrap()).collect();
        drop((first, unix));
        let third = places.take(client("[::ffff:10.0.0.1]:3")).unwrap();
        assert!(places.take(client("10.0.0.1:4")).is_err());
        drop((third, _second, _other));
        assert!(places.open().is_empty());
    }

    #[test]
    fn without_a_limit_nobody_is_counted() {
        let places = Places::new(None);
        let _all: Vec<_> = (0..100).map(|_| places.take(client("10.0.0.1:1")).unwrap()).collect();
        assert!(places.open().is_empty());
    }
}
