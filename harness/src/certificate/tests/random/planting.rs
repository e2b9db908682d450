//! One fault, planted at one level of a chain, and what there is then to find.

use std::{collections::BTreeSet, ops::Range};

use proptest::{
    prelude::*,
    sample::{Index, select},
};
use rcgen::{
    BasicConstraints::Constrained, ExtendedKeyUsagePurpose as Purpose, IsCa,
    KeyUsagePurpose as Usage,
};

use super::{
    Level,
    plan::{Plan, dated, plan},
};
use crate::{
    Fault,
    certificate::{
        KeyType,
        blueprint::{self, ENDED, LATER, YEARS},
        draft::Draft,
        forge::{Alteration, Mark},
        signature::Scheme,
    },
    host::Host,
};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Expired,
    NotYetValid,
    TooLongValid,
    OtherName,
    OtherPurpose,
    NotAnAuthority,
    MayNotSign,
    PathLength,
    OtherNamesOnly,
    UnknownCriticalExtension,
    SerialZero,
    WeakKey,
    Sha1,
    FlippedSignature,
    CutShort,
    NotSent,
    BelowUnknownRoot,
}

impl What {
    const ALL: [Self; 17] = [
        Self::Expired,
        Self::NotYetValid,
        Self::TooLongValid,
        Self::OtherName,
        Self::OtherPurpose,
        Self::NotAnAuthority,
        Self::MayNotSign,
        Self::PathLength,
        Self::OtherNamesOnly,
        Self::UnknownCriticalExtension,
        Self::SerialZero,
        Self::WeakKey,
        Self::Sha1,
        Self::FlippedSignature,
        Self::CutShort,
        Self::NotSent,
        Self::BelowUnknownRoot,
    ];

    /// The levels at which it can be, with so many intermediates.
    fn levels(self, intermediates: usize) -> Range<Level> {
        match self {
            Self::TooLongValid | Self::OtherName => 0..1,
            Self::NotAnAuthority
            | Self::MayNotSign
            | Self::OtherNamesOnly
            | Self::CutShort
            | Self::NotSent => 1..intermediates + 1,
            // It has one below it.
            Self::PathLength => 2..intermediates + 1,
            // An intermediate signs it, whose key can be chosen.
            Self::Sha1 => 0..intermediates,
            Self::BelowUnknownRoot => intermediates..intermediates + 1,
            _ => 0..intermediates + 1,
        }
    }
}

/// What is wrong, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planting {
    what: What,
    pub level: Level,
}

/// A chain that is good but for one thing.
#[derive(Clone, Debug)]
pub(super) struct Planted {
    pub plan: Plan,
    pub planting: Planting,
}

pub(super) fn planted() -> impl Strategy<Value = Planted> {
    (plan(), select(&What::ALL[..]), any::<Index>()).prop_filter_map(
        "there is no such level",
        |(plan, what, index)| {
            let levels = what.levels(plan.intermediates.len());
            let level = (!levels.is_empty()).then(|| levels.start + index.index(levels.len()))?;
            Some(Planted { plan, planting: Planting { what, level } })
        },
    )
}

impl Planting {
    /// Plants it in the certificate at its level.
    pub fn plant(self, host: &Host, draft: &mut Draft) {
        let content = &mut draft.content;
        match self.what {
            What::Expired => dated().date(content, ENDED).unwrap(),
            What::NotYetValid => dated().date(content, LATER).unwrap(),
            What::TooLongValid => dated().date(content, YEARS).unwrap(),
            What::OtherName => {
                let other = blueprint::another_like(host);
                content.subject_alt_names = vec![blueprint::alternative_name(&other).unwrap()];
            }
            What::OtherPurpose => content.extended_key_usages = vec![Purpose::ClientAuth],
            What::NotAnAuthority => {
                content.is_ca = IsCa::ExplicitNoCa;
                // Or it would also say that it may sign.
                content.key_usages.clear();
            }
            What::MayNotSign => content.key_usages = vec![Usage::CrlSign],
            What::PathLength => {
                let below = u8::try_from(self.level - 1).unwrap();
                content.is_ca = IsCa::Ca(Constrained(below - 1));
            }
            What::OtherNamesOnly => {
                let other = blueprint::another_like(host);
                content.name_constraints = Some(blueprint::only(&other));
            }
            What::UnknownCriticalExtension => {
                draft.alter(Alteration::unknown_extension(Mark::Critical).unwrap());
            }
            What::SerialZero => draft.alter(Alteration::Serial(vec![0])),
            What::Sha1 => draft.scheme = Some(Scheme::RsaSha1),
            What::FlippedSignature => draft.alter(Alteration::FlippedSignature),
            What::CutShort => draft.alter(Alteration::CutShort),
            What::WeakKey | What::NotSent | What::BelowUnknownRoot => {}
        }
    }

    /// The type of the key at a level, where it is not of any type.
    pub fn key(self, level: Level) -> Option<KeyType> {
        match self.what {
            What::WeakKey if level == self.level => Some(KeyType::Rsa1024),
            // What signs with SHA-1 here is RSA.
            What::Sha1 if level == self.level + 1 => Some(KeyType::Rsa2048),
            _ => None,
        }
    }

    /// The intermediate that is not sent.
    pub fn missing(self) -> Option<usize> {
        (self.what == What::NotSent).then(|| self.level - 1)
    }

    /// Whether the root is one that nobody trusts.
    pub fn is_below_unknown(self) -> bool {
        self.what == What::BelowUnknownRoot
    }

    /// All that is to be found, and at which level.
    pub fn leads_to(self, plan: &Plan) -> BTreeSet<(Fault, Level)> {
        let Self { what, level } = self;
        let here = |server, issuer| (if level == 0 { server } else { issuer }, level);
        let mut found = BTreeSet::from([match what {
            What::Expired => here(Fault::Expired, Fault::IssuerExpired),
            What::NotYetValid => here(Fault::NotYetValid, Fault::IssuerNotYetValid),
            What::TooLongValid => (Fault::ValidityTooLong, level),
            What::OtherName => (Fault::WrongName, level),
            What::OtherPurpose => here(Fault::WrongPurpose, Fault::IssuerWrongPurpose),
            What::NotAnAuthority => (Fault::IssuerNotCa, level),
            What::MayNotSign => (Fault::IssuerMayNotSign, level),
            What::PathLength => (Fault::PathTooLong, level),
            // It is the server's name that is not permitted.
            What::OtherNamesOnly => (Fault::NameConstraint, 0),
            What::UnknownCriticalExtension => {
                here(Fault::UnknownCriticalExtension, Fault::IssuerUnknownCriticalExtension)
            }
            What::SerialZero => (Fault::BadSerialNumber, level),
            What::WeakKey => here(Fault::WeakKey, Fault::IssuerWeakKey),
            What::Sha1 => here(Fault::WeakSignature, Fault::IssuerWeakSignature),
            What::FlippedSignature => (Fault::BadSignature, level),
            What::CutShort => (Fault::MalformedIssuer, level),
            // The way up ends below it.
            What::NotSent => (Fault::UnknownIssuer, level - 1),
            What::BelowUnknownRoot => (Fault::UnknownIssuer, level),
        }]);
        found.extend(self.consequence(plan));
        found
    }

    /// What else is to be found because of it.
    fn consequence(self, plan: &Plan) -> Option<(Fault, Level)> {
        let is_sent_alone = plan.sent(Some(self)).next().is_none();
        match self.what {
            What::OtherName if plan.intermediates.iter().any(|it| it.is_constrained) => {
                Some((Fault::NameConstraint, 0))
            }
            What::CutShort => Some((Fault::UnknownIssuer, self.level - 1)),
            What::NotSent | What::BelowUnknownRoot if is_sent_alone => {
                Some((Fault::MissingIntermediate, 0))
            }
            _ => None,
        }
    }
}
