//! A chain that nobody minds, drawn at random and then made.

use std::{ops::RangeInclusive, sync::LazyLock, time::Duration};

use proptest::{collection::vec, prelude::*, sample::select};
use rcgen::BasicConstraints;
use rustls_pki_types::{CertificateDer, UnixTime};

use super::planting::Planting;
use crate::{
    certificate::{
        KeyType, Owner,
        authority::Authority,
        blueprint::{self, Now},
        chain::{By, Chain, Link, Names},
        draft::Draft,
        key::{Keyring, Role},
        tests::NOW,
    },
    host::Host,
};

/// The names and addresses for which certificates are made.
const HOSTS: [&str; 6] = [
    "proxy.example.test",
    "proxy.co.uk",
    "localhost",
    "xn--bcher-kva.example.test",
    "192.0.2.1",
    "[2001:db8::1]",
];

/// What every client takes, of servers and of authorities.
const KEYS: [KeyType; 3] = [KeyType::P256, KeyType::P384, KeyType::Rsa2048];

/// No client allows more (CA/Browser Forum baseline requirements 6.3.2).
const DAYS: RangeInclusive<u32> = 1..=397;

static TRUSTED: LazyLock<Authority> = LazyLock::new(|| authority("wssure"));
static UNKNOWN: LazyLock<Authority> = LazyLock::new(|| authority("wssure unknown"));
static STRANGER: LazyLock<Authority> = LazyLock::new(|| authority("wssure stranger"));
static KEYRING: LazyLock<Keyring> = LazyLock::new(Keyring::default);

fn authority(name: &str) -> Authority {
    Authority::new(name, dated()).unwrap()
}

pub(super) fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(NOW.unsigned_abs()))
}

pub(super) fn dated() -> Now {
    Now::new(now()).unwrap()
}

/// The root that is trusted.
pub(super) fn trusted() -> CertificateDer<'static> {
    TRUSTED.root().clone()
}

#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub host: Host,
    key: KeyType,
    days: u32,
    /// Between the server's certificate and the root, its issuer first.
    pub intermediates: Vec<Intermediate>,
    /// What is sent behind the server's certificate, in that order.
    pub others: Vec<Other>,
}

#[derive(Clone, Debug)]
pub(super) struct Intermediate {
    key: KeyType,
    /// How many more authorities it allows below it than there are, if it says so.
    room: Option<u8>,
    /// Whether its name constraints permit the host, or it has none.
    pub is_constrained: bool,
}

/// A certificate that is sent behind the server's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Other {
    Intermediate(usize),
    /// The server's own once more.
    Leaf,
    Root,
    /// One that has nothing to do with it.
    Stranger,
}

pub(super) fn plan() -> impl Strategy<Value = Plan> {
    let host = select(&HOSTS[..]).prop_map(|host| host.parse().unwrap());
    vec(intermediate(), 0..=4)
        .prop_flat_map(|intermediates| (others(intermediates.len()), Just(intermediates)))
        .prop_flat_map(move |(others, intermediates)| {
            (host.clone(), select(&KEYS[..]), DAYS, Just(intermediates), Just(others))
        })
        .prop_map(|(host, key, days, intermediates, others)| Plan {
            host,
            key,
            days,
            intermediates,
            others,
        })
}

fn intermediate() -> impl Strategy<Value = Intermediate> {
    let parts = (select(&KEYS[..]), proptest::option::of(0..3u8), any::<bool>());
    parts.prop_map(|(key, room, is_constrained)| Intermediate { key, room, is_constrained })
}

/// All that are needed, in any order, with copies and others among them.
fn others(intermediates: usize) -> impl Strategy<Value = Vec<Other>> {
    let needed: Vec<Other> = (0..intermediates).map(Other::Intermediate).collect();
    let mut spare = needed.clone();
    spare.extend([Other::Leaf, Other::Root, Other::Stranger]);
    vec(select(spare), 0..4)
        .prop_flat_map(move |more| Just([needed.clone(), more].concat()).prop_shuffle())
}

/// Certificates that were made after a plan.
#[derive(Debug)]
pub(super) struct Made {
    pub host: Host,
    /// The server's own certificate and the intermediates above it, each issued by the next.
    pub path: Vec<CertificateDer<'static>>,
    others: Vec<CertificateDer<'static>>,
}

impl Made {
    /// What a server sends.
    pub fn sent(&self) -> Vec<CertificateDer<'static>> {
        self.path.iter().take(1).chain(&self.others).cloned().collect()
    }
}

impl Plan {
    /// Makes it, with a fault if one is to be planted.
    pub fn make(&self, planting: Option<Planting>) -> Made {
        let mut leaf = Draft::new(blueprint::good(&self.host, &Owner::default(), dated()).unwrap());
        dated().date(&mut leaf.content, blueprint::today(self.days)).unwrap();
        plant(planting, 0, &self.host, &mut leaf);
        let key = KEYRING.key(key_at(planting, 0, self.key), Role::Leaf).unwrap();
        let is_unknown = planting.is_some_and(Planting::is_below_unknown);
        let path = if self.intermediates.is_empty() {
            let root = if is_unknown { &*UNKNOWN } else { &*TRUSTED };
            vec![leaf.issue(&key, root.root_issuer()).unwrap()]
        } else {
            let top = if is_unknown { By::Unknown } else { By::Trusted };
            let chain = Chain::of(self.links(planting, top));
            let issued = chain.build(&TRUSTED, &UNKNOWN, &KEYRING).unwrap().issue(&leaf, key);
            let issued = issued.unwrap();
            [vec![issued.leaf], issued.issuers].concat()
        };
        let sent = self.sent(planting);
        let others = sent.map(|other| match other {
            Other::Intermediate(number) => path[number + 1].clone(),
            Other::Leaf => path[0].clone(),
            Other::Root => trusted(),
            Other::Stranger => STRANGER.intermediate().clone(),
        });
        Made { host: self.host.clone(), others: others.collect(), path }
    }

    /// What is sent of it behind the server's certificate.
    pub fn sent(&self, planting: Option<Planting>) -> impl Iterator<Item = Other> {
        let missing = planting.and_then(Planting::missing).map(Other::Intermediate);
        self.others.iter().copied().filter(move |other| Some(*other) != missing)
    }

    fn links(&self, planting: Option<Planting>, top: By) -> Vec<Link> {
        let names = Names::new(dated()).unwrap();
        let last = self.intermediates.len() - 1;
        let link = |(number, it): (usize, &Intermediate)| {
            let by = if number == last { top } else { By::Authority(number + 1) };
            let length = it.room.map_or(BasicConstraints::Unconstrained, |room| {
                BasicConstraints::Constrained(u8::try_from(number).unwrap() + room)
            });
            let link = names.link(number, &format!("number {number}"), by, length).unwrap();
            link.keyed(key_at(planting, number + 1, it.key)).with(|draft| {
                if it.is_constrained {
                    draft.content.name_constraints = Some(blueprint::only(&self.host));
                }
                plant(planting, number + 1, &self.host, draft);
            })
        };
        self.intermediates.iter().enumerate().map(link).collect()
    }
}

fn plant(planting: Option<Planting>, level: usize, host: &Host, draft: &mut Draft) {
    if let Some(planting) = planting.filter(|planting| planting.level == level) {
        planting.plant(host, draft);
    }
}

fn key_at(planting: Option<Planting>, level: usize, own: KeyType) -> KeyType {
    planting.and_then(|planting| planting.key(level)).unwrap_or(own)
}
