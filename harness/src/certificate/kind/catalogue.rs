//! Every kind: its name, the faults that it plants, and its title.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Fault;

/// Declares each kind once: its variant, its name in data files, the faults that it plants, its title.
macro_rules! kinds {
    ($($variant:ident $name:literal [$($fault:ident),*] $title:literal;)*) => {
        /// A kind of certificate, with its key and its files: a good one, or one with a planted fault.
        ///
        /// What a title does not mention is as in [`Kind::Good`].
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        #[non_exhaustive]
        pub enum Kind {
            $(
                #[doc = $title]
                #[serde(rename = $name)]
                $variant,
            )*
        }

        impl Kind {
            /// Every kind, in the order of this file.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in data files and on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// What it is, in a sentence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),* }
            }

            /// What is wrong with it, in the order of [`Fault::ALL`], for a client that asks for the
            /// certificate's host, that trusts the lab's authority and the root that the certificate
            /// has, if that is an own one ([`Kind::brings_its_own_root`]), and that has met another
            /// certificate of the kind and the same owner before.
            pub const fn plants(self) -> &'static [Fault] {
                match self { $(Self::$variant => &[$(Fault::$fault),*]),* }
            }
        }
    };
}

kinds! {
    Good "good" []
        "A good certificate for 90 days: subjectAltName and common name are the host, CA:FALSE, serverAuth; an intermediate of the trusted authority issued it and is sent with it.";

    SelfSigned "self-signed" [SelfSigned, UnknownIssuer, CaAsServer]
        "Self-signed, with a subjectAltName, CA:TRUE, as `openssl req -x509 -addext subjectAltName=...` makes it, and serverAuth.";
    SelfSignedCommonName "self-signed-common-name"
        [SelfSigned, UnknownIssuer, NoSubjectAltName, CaAsServer, MissingServerAuth]
        "Self-signed in the shape of the wiki's openssl command, made without openssl: the host in the common name only, CA:TRUE, no extendedKeyUsage, 365 days.";
    SelfSignedNotCa "self-signed-not-ca" [SelfSigned, UnknownIssuer]
        "Self-signed, with a subjectAltName, CA:FALSE.";
    SelfSignedPlain "self-signed-plain" [SelfSigned, UnknownIssuer]
        "Self-signed, with a subjectAltName, without basicConstraints.";
    SelfSignedConstrained "self-signed-constrained" [SelfSigned, UnknownIssuer, CaAsServer]
        "Self-signed, CA:TRUE, with a name constraint that permits its own host only.";
    SelfSignedNoCertSign "self-signed-no-cert-sign" [SelfSigned, UnknownIssuer, CaAsServer]
        "Self-signed, CA:TRUE, with a keyUsage (digitalSignature, keyEncipherment) that lacks keyCertSign.";
    SelfSignedLong "self-signed-long" [SelfSigned, UnknownIssuer, CaAsServer, ValidityTooLong]
        "Self-signed, with a subjectAltName, CA:TRUE, for 3650 days.";
    SelfSignedExpired "self-signed-expired" [SelfSigned, UnknownIssuer, Expired]
        "Self-signed, with a subjectAltName, CA:FALSE; its 90 days ended 10 days ago.";
    OpensslCommand "openssl-command"
        [SelfSigned, UnknownIssuer, NoSubjectAltName, CaAsServer, MissingServerAuth]
        "What the wiki's command, `openssl req -new -x509 -days 365 -nodes -out self.pem -keyout self.pem`, really makes, byte for byte.";

    WrongName "wrong-name" [WrongName, CommonNameMismatch]
        "From the trusted authority, but subjectAltName and common name are another host.";
    CommonNameOnly "common-name-only" [NoSubjectAltName]
        "From the trusted authority, with the host in the common name and no subjectAltName.";
    NoDnsName "no-dns-name" [NoDnsName]
        "From the trusted authority, with the host as common name, and an address alone as subjectAltName; for a host that is a name.";
    CommonNameDiffers "common-name-differs" [CommonNameMismatch]
        "From the trusted authority, with the host as subjectAltName and another one as common name.";

    UnknownIssuer "unknown-issuer" [UnknownIssuer]
        "From an authority that nobody trusts, whose intermediate is sent with it.";
    UnknownIssuerExpired "unknown-issuer-expired" [UnknownIssuer, Expired]
        "From an authority that nobody trusts, whose intermediate is sent with it; its 90 days ended 10 days ago.";
    UnknownIssuerWrongPurpose "unknown-issuer-wrong-purpose" [UnknownIssuer, WrongPurpose]
        "From an authority that nobody trusts, whose intermediate is sent with it, with an extendedKeyUsage of clientAuth alone.";
    MissingIntermediate "missing-intermediate" [UnknownIssuer, MissingIntermediate]
        "The good certificate sent alone, without the intermediate that issued it.";
    IssuedBy "issued-by" [UnknownIssuer, MissingIntermediate]
        "Signed with the key of another certificate, the signer, and sent alone: how an imported certificate is used to spoof a host.";

    Expired "expired" [Expired]
        "From the trusted authority; its 90 days ended 10 days ago.";
    NotYetValid "not-yet-valid" [NotYetValid]
        "From the trusted authority; its 90 days start in 10 days.";
    ValidityTooLong "validity-too-long" [ValidityTooLong]
        "From the trusted authority, for 3650 days.";
    NoServerAuth "no-server-auth" [MissingServerAuth]
        "From the trusted authority, without extendedKeyUsage.";

    WrongPurpose "wrong-purpose" [WrongPurpose]
        "From the trusted authority, with an extendedKeyUsage of clientAuth alone.";
    AnyPurpose "any-purpose" [AnyPurpose]
        "From the trusted authority, with an extendedKeyUsage of anyExtendedKeyUsage alone.";
    KeyEnciphermentOnly "key-encipherment-only" [KeyUsageMismatch]
        "From the trusted authority, with an RSA-2048 key and a keyUsage of keyEncipherment alone, as for the key exchange that TLS 1.3 has no more.";
    KeyAgreementOnly "key-agreement-only" [KeyUsageMismatch]
        "From the trusted authority, with a keyUsage of keyAgreement alone.";
    NonRepudiationOnly "non-repudiation-only" [KeyUsageMismatch, KeyUsageWithoutTls]
        "From the trusted authority, with a keyUsage of nonRepudiation (contentCommitment) alone, as for signing documents.";
    NoKeyUsage "no-key-usage" []
        "From the trusted authority, without keyUsage.";
    EncryptAndSign "encrypt-and-sign" []
        "From the trusted authority, with an RSA-2048 key and a keyUsage of digitalSignature and keyEncipherment, as most RSA certificates have it.";
    CaAsServer "ca-as-server" [CaAsServer]
        "From the trusted authority, but CA:TRUE, with keyCertSign in its keyUsage.";
    ServerMaySign "server-may-sign" [ServerMaySign]
        "From the trusted authority, CA:FALSE, with keyCertSign in its keyUsage.";
    NoBasicConstraints "no-basic-constraints" []
        "From the trusted authority, without basicConstraints.";
    Version1 "version-1" [NoSubjectAltName, MissingServerAuth, Version1, MissingKeyIdentifier]
        "From the trusted authority, of X.509 version 1: without any extension, and the host in the common name only.";
    NoKeyIdentifiers "no-key-identifiers" [MissingKeyIdentifier]
        "From the trusted authority, without subjectKeyIdentifier and authorityKeyIdentifier.";
    KeyIdentifierMismatch "key-identifier-mismatch" [KeyIdentifierMismatch]
        "From the trusted authority, with an authorityKeyIdentifier that is not its issuer's.";
    CriticalKeyIdentifier "critical-key-identifier" [CriticalExtension]
        "From the trusted authority, with an authorityKeyIdentifier that is marked critical.";
    UnknownCriticalExtension "unknown-critical-extension" [UnknownCriticalExtension]
        "From the trusted authority, with an extension that nobody knows and that is marked critical.";
    UnknownExtension "unknown-extension" []
        "From the trusted authority, with an extension that nobody knows and that is not marked critical.";
    MalformedExtension "malformed-extension" [MalformedExtension]
        "From the trusted authority, with a keyUsage whose value is no bit string.";
    DuplicateExtension "duplicate-extension" [DuplicateExtension]
        "From the trusted authority, with its extendedKeyUsage twice.";
    MustStaple "must-staple" [MissingStaple]
        "From the trusted authority, with the TLS feature extension (must-staple), served without an OCSP answer.";

    SerialZero "serial-zero" [BadSerialNumber]
        "From an intermediate of the trusted authority that issues nothing else, with the serial number 0.";
    SerialNegative "serial-negative" [BadSerialNumber]
        "From the trusted authority, with a serial number below 0.";
    SerialLong "serial-long" [BadSerialNumber]
        "From the trusted authority, with a serial number of 24 octets.";
    ReusedSerial "reused-serial" [ReusedSerialNumber]
        "From an intermediate of its owner, with the serial number 1 each time: the second one of an owner has that of the first.";

    WeakKey "weak-key" [WeakKey]
        "From the trusted authority, with an RSA-1024 key.";
    UnusableKey "unusable-key" [UnusableKey]
        "From the trusted authority, with an ECDSA key on secp256k1.";
    Sha1Signature "sha1-signature" [WeakSignature]
        "From an RSA-2048 intermediate of the trusted authority, signed with SHA-1.";
    Md5Signature "md5-signature" [WeakSignature]
        "From an RSA-2048 intermediate of the trusted authority, signed with MD5.";
    UnsupportedSignature "unsupported-signature" [UnsupportedSignature]
        "From the trusted authority, signed with an algorithm that nobody knows, as both places state.";
    UnsupportedCurve "unsupported-curve" [UnsupportedCurve]
        "From an intermediate of the trusted authority with an ECDSA key on secp256k1.";
    SignatureAlgorithmMismatch "signature-algorithm-mismatch" [SignatureAlgorithmMismatch]
        "From the trusted authority, signed with SHA-256, while the signed part says SHA-384.";
    Altered "altered" [BadSignature]
        "From the trusted authority, with one bit of the signature flipped.";
    MalformedCertificate "malformed-certificate" [Malformed]
        "From the trusted authority, cut off in the middle, in a frame that says nothing of it.";

    EmptySubject "empty-subject" [CommonNameMismatch]
        "From the trusted authority, without a subject; the subjectAltName is critical, as it then has to be.";
    EmptySubjectNotCritical "empty-subject-noncritical" [CommonNameMismatch, EmptySubject]
        "From the trusted authority, without a subject; the subjectAltName is not critical.";
    ManyNames "many-names" []
        "From the trusted authority, with 500 names, the host as the last.";
    LargerThanARecord "larger-than-a-record" []
        "From the trusted authority, with a long extension that nobody has to know: 24 KiB, more than a TLS record holds.";
    LargeCertificate "large-certificate" [LargeCertificate]
        "From the trusted authority, with a long extension that nobody has to know: 65 KiB, more than a length of 16 bits holds.";
    UnreadableNames "unreadable-names" [WrongName, MalformedExtension]
        "From the trusted authority, with a subjectAltName whose value is the name without the list around it.";
    MalformedName "malformed-name" [MalformedName]
        "From the trusted authority, with an iPAddress of five octets beside the host.";
    EmptyName "empty-name" [EmptyName]
        "From the trusted authority, with an empty dNSName beside the host.";
    UnderscoreName "underscore-name" [UnderscoreName]
        "From the trusted authority, with a dNSName with an underscore beside the host.";
    ImproperName "improper-name" [ImproperName]
        "From the trusted authority, with a URL as a dNSName beside the host.";
    DottedName "dotted-name" [TrailingDot, DottedName, ImproperName]
        "From the trusted authority, with a dot at the end of its name; for a host that is a name without one.";
    AddressAsName "address-as-name" [AddressAsName]
        "From the trusted authority, with an address as a dNSName; for a host that is an IPv4 address.";
    Wildcard "wildcard" []
        "From the trusted authority, with a wildcard in place of the host's first label; for a host two labels or more below a public suffix.";
    WildcardOverUnderscore "wildcard-over-underscore" [WildcardOverUnderscore]
        "From the trusted authority, with a wildcard in place of the host's first label, which has an underscore; for a host two labels or more below a public suffix.";
    LeadingWildcard "leading-wildcard" [LeadingWildcard, ImproperName]
        "From the trusted authority, with a wildcard in place of all but the last character of the host's first label.";
    TrailingWildcard "trailing-wildcard" [TrailingWildcard, ImproperName]
        "From the trusted authority, with a wildcard in place of all but the first character of the host's first label.";
    PartialWildcard "partial-wildcard" [PartialWildcard, ImproperName]
        "From the trusted authority, with a wildcard between the first and the last character of the host's first label.";
    BroadWildcard "broad-wildcard" [BroadWildcard]
        "From the trusted authority, with a wildcard right below a top-level domain; for a host of two labels.";
    PublicSuffixWildcard "public-suffix-wildcard" [PublicSuffixWildcard]
        "From the trusted authority, with a wildcard right below a public suffix; for a host right below co.uk, com.au, co.jp or com.br.";

    ExpiredWrongName "expired-wrong-name" [WrongName, Expired, CommonNameMismatch]
        "From the trusted authority, for another host, and ended 10 days ago.";
    ExpiredWrongPurpose "expired-wrong-purpose" [Expired, WrongPurpose]
        "From the trusted authority, with an extendedKeyUsage of clientAuth alone, and ended 10 days ago.";
    CaAsServerWrongName "ca-as-server-wrong-name" [WrongName, CaAsServer, CommonNameMismatch]
        "From the trusted authority, for another host, and CA:TRUE.";
    Sha1SignatureExpired "sha1-signature-expired" [Expired, WeakSignature]
        "From an RSA-2048 intermediate of the trusted authority, signed with SHA-1, and ended 10 days ago.";
    UnknownIssuerWrongName "unknown-issuer-wrong-name" [UnknownIssuer, WrongName, CommonNameMismatch]
        "From an authority that nobody trusts, for another host.";
    ExpiredIntermediateWrongName "expired-intermediate-wrong-name" [WrongName, CommonNameMismatch, IssuerExpired]
        "From an intermediate of the trusted authority that ended 10 days ago, for another host.";

    EmptyIssuer "empty-issuer" [EmptyIssuer]
        "From an intermediate of the trusted authority that has no name.";
    ExpiredIntermediate "expired-intermediate" [IssuerExpired]
        "From an intermediate of the trusted authority that ended 10 days ago.";
    NotYetValidIntermediate "not-yet-valid-intermediate" [IssuerNotYetValid]
        "From an intermediate of the trusted authority that starts in 10 days.";
    PathTooLong "path-too-long" [PathTooLong]
        "From an intermediate below another one, which allows none below it (pathLenConstraint 0).";
    PathTooLongIfAllCount "path-too-long-if-all-count" [PathTooLongIfAllCount]
        "From an intermediate that renewed its key: with the old one, which allows no other below it (pathLenConstraint 0), it issued a certificate for its own name, which does not count.";
    IntermediateNotCa "intermediate-not-ca" [IssuerNotCa]
        "From an intermediate of the trusted authority that says CA:FALSE.";
    IntermediateNoBasicConstraints "intermediate-no-basic-constraints" [IssuerWithoutConstraints]
        "From an intermediate of the trusted authority without basicConstraints.";
    IntermediateNoCertSign "intermediate-no-cert-sign" [IssuerMayNotSign]
        "From an intermediate of the trusted authority with a keyUsage that lacks keyCertSign.";
    IntermediateVersion1 "intermediate-version-1" [IssuerWithoutConstraints, IssuerVersion1, MissingKeyIdentifier]
        "From an intermediate of the trusted authority of X.509 version 1.";
    IntermediateWrongPurpose "intermediate-wrong-purpose" [IssuerWrongPurpose]
        "From an intermediate of the trusted authority with an extendedKeyUsage of clientAuth alone.";
    IntermediateAnyPurpose "intermediate-any-purpose" [IssuerAnyPurpose]
        "From an intermediate of the trusted authority with an extendedKeyUsage of anyExtendedKeyUsage.";
    IntermediateUncriticalExtension "intermediate-uncritical-extension" [UncriticalExtension]
        "From an intermediate of the trusted authority whose basicConstraints are not marked critical.";
    IntermediateUnknownCriticalExtension "intermediate-unknown-critical-extension" [IssuerUnknownCriticalExtension]
        "From an intermediate of the trusted authority with an extension that nobody knows and that is marked critical.";
    IntermediateMalformedExtension "intermediate-malformed-extension" [IssuerMalformedExtension]
        "From an intermediate of the trusted authority with a keyUsage whose value is no bit string.";
    IntermediateWeakKey "intermediate-weak-key" [IssuerWeakKey]
        "From an intermediate of the trusted authority with an RSA-1024 key.";
    IntermediateSha1 "intermediate-sha1" [IssuerWeakSignature]
        "From an intermediate that an RSA-2048 one above it signed with SHA-1.";
    NameConstraintViolated "name-constraint-violated" [NameConstraint]
        "From an intermediate of the trusted authority that may name another host, or another address, only.";
    NameConstraintExcluded "name-constraint-excluded" [NameExcluded]
        "From an intermediate of the trusted authority that may name all hosts but this one.";
    NameConstraintOtherForm "name-constraint-other-form" []
        "From an intermediate of the trusted authority that may name no address where the host is a name, and no name where it is an address.";
    NameConstraintMet "name-constraint-met" []
        "From an intermediate of the trusted authority that may name this host only.";
    WildcardOverConstraint "wildcard-over-constraint" [WildcardOverConstraint]
        "From an intermediate of the trusted authority that may not name another host of the same domain, with a wildcard that stands for both; for a host two labels or more below a public suffix.";
    WildcardConstraint "wildcard-constraint" [WildcardConstraint]
        "From an intermediate of the trusted authority that excludes another domain, written with a wildcard.";
    EmptyConstraint "empty-constraint" [EmptyConstraint]
        "From an intermediate of the trusted authority whose name constraints permit nothing and exclude nothing.";
    UnsupportedConstraint "unsupported-constraint" [UnsupportedConstraint]
        "From an intermediate of the trusted authority that excludes an organization, which is a name of a directory.";
    UncomparableName "uncomparable-name" [ImproperName, UncomparableName]
        "From an intermediate of the trusted authority that may name this host only, with a dNSName with a space below the host; for a host that is a name.";
    TooManyConstraints "too-many-constraints" [TooManyConstraints]
        "From an intermediate of the trusted authority that excludes 1100 other hosts, with 1100 names: more than a million comparisons.";
    ConstrainedSuccessor "constrained-successor" [ConstrainedSuccessor]
        "From an intermediate that may name this host only and that renewed its key: with the old one it issued a certificate for its own name, with a subjectAltName of another host.";
    MalformedIntermediate "malformed-intermediate" [UnknownIssuer, MalformedIssuer]
        "From an intermediate of the trusted authority whose certificate is cut off in the middle.";

    ExpiredRoot "expired-root" [IssuerExpired]
        "From an authority of its own, whose root ended 10 days ago.";
    AnchorNotRoot "anchor-not-a-root" [AnchorNotRoot]
        "From an authority of its own, an intermediate that is trusted in place of the root above it.";
    RootNotCa "root-not-ca" [IssuerNotCa]
        "From an authority of its own, whose root says CA:FALSE.";
    RootNoCertSign "root-no-cert-sign" [IssuerMayNotSign]
        "From an authority of its own, whose root has a keyUsage that lacks keyCertSign.";
    RootUnknownCriticalExtension "root-unknown-critical-extension" [IssuerUnknownCriticalExtension]
        "From an authority of its own, whose root has an extension that nobody knows and that is marked critical.";
    RootWeakKey "root-weak-key" [IssuerWeakKey]
        "From an authority of its own, whose root has an RSA-1024 key.";
    RootSha1 "root-sha1" []
        "From an authority of its own, whose root is signed with SHA-1: nobody has to check that signature.";
    RootNameConstraint "root-name-constraint" [NameConstraint]
        "From an authority of its own, whose root may name another host, or another address, only.";
    RootNoBasicConstraints "root-no-basic-constraints" [IssuerWithoutConstraints]
        "From an authority of its own, whose root has no basicConstraints.";
    RootVersion1 "root-version-1" [IssuerWithoutConstraints, IssuerVersion1]
        "From an authority of its own, whose root is of X.509 version 1, as openssl made it before 1.0.";

    RootSent "root-sent" []
        "From the trusted authority, sent with its intermediate and its root.";
    RootBeforeIntermediate "root-before-intermediate" []
        "From the trusted authority, sent with its root before its intermediate.";
    TwoIntermediates "two-intermediates" []
        "From an intermediate below another one, both sent.";
    SwappedIntermediates "swapped-intermediates" []
        "From an intermediate below another one, both sent, the upper one first.";
    UnrelatedSent "unrelated-sent" []
        "From the trusted authority, sent with an authority that has nothing to do with it before its intermediate.";
    DuplicateLeaf "duplicate-leaf" []
        "From the trusted authority, sent twice, before its intermediate.";
    DuplicateIntermediate "duplicate-intermediate" []
        "From the trusted authority, sent with its intermediate twice.";
    MissingUpperIntermediate "missing-upper-intermediate" [UnknownIssuer]
        "From an intermediate below another one, which is not sent.";
    TooManyCertificates "too-many-certificates" [TooManyCertificates]
        "From the trusted authority, sent with 15 authorities that have nothing to do with it behind its intermediate: 17 certificates.";
    CrossSigned "cross-signed" []
        "From an intermediate with two certificates, both sent: the first from an authority that nobody trusts, the second from the trusted one.";
    CrossSignedExpired "cross-signed-expired" []
        "From an intermediate with two certificates of the trusted authority, both sent: the first ended 10 days ago.";
    Loop "loop" [UnknownIssuer]
        "From one of two authorities that certify each other and nothing else, both sent.";
    LoopWithAWayOut "loop-with-a-way-out" []
        "From one of two authorities that certify each other, both sent, and the second one's certificate from the trusted authority after them.";
    HostileChain "hostile-chain" [UnknownIssuer, TooManyCertificates, MissingKeyIdentifier]
        "From the first of 100 authorities in a row, all sent, which share two names in turn and have no key identifiers: half of them might be the issuer of each.";
    RepeatedAuthority "repeated-authority" [UnknownIssuer, RepeatedAuthority]
        "From one of three authorities that all certify each other and nothing else, all 6 certificates sent: a way goes twice through the same one.";
    HostileMesh "hostile-mesh" [UnknownIssuer, RepeatedAuthority, TooManyCertificates]
        "From one of ten authorities that all certify each other and nothing else, all 90 certificates sent: of a million ways none leads out.";

    MismatchedKey "mismatched-key" [KeyMismatch]
        "The good certificate, with the key of another.";
    CertificateWithoutKey "certificate-without-key" [NoPrivateKey]
        "The good certificate, without its key.";
    KeyWithoutCertificate "key-without-certificate" [NoCertificate]
        "The key of the good certificate, given as the certificate too.";
    EncryptedKey "encrypted-key" [EncryptedKey]
        "The good certificate, with its key encrypted under a password.";
    EmptyFile "empty-file" [EmptyFile]
        "A certificate file without a byte in it.";
    NotPem "not-pem" [NotPem]
        "A certificate file of plain words, without a PEM block.";
    DamagedPem "damaged-pem" [DamagedPem]
        "The good certificate, with a character in its first line that is none of base64's.";
    MissingFile "missing-file" [MissingFile]
        "A certificate file that is not there.";
}
