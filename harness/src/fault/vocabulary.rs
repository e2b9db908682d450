//! The faults themselves, each with its explanation.
//!
//! Within an area they stand in the order in which people meet them, the commonest first, as far as issues and forums
//! tell; behind those, kindred ones stand together. Where a message stands for many faults, this order decides which is
//! named first (see [`symptom`](crate::symptom)).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Area, Remedy};

/// Declares each fault once: its variant, its name in data files, its area, and its explanation.
macro_rules! faults {
    ($($variant:ident $name:literal $area:ident {
        means: $means:literal,
        mend: $mend:literal,
        by: $remedy:ident,
        source: $source:literal $(,)?
    })*) => {
        /// One way in which a `wss://` connection goes wrong.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        #[non_exhaustive]
        pub enum Fault {
            $(
                #[doc = $means]
                #[serde(rename = $name)]
                $variant,
            )*
        }

        impl Fault {
            /// Every fault, in the order of this file.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in data files, on the command line and in reports.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// Where it sits.
            pub const fn area(self) -> Area {
                match self { $(Self::$variant => Area::$area),* }
            }

            /// What it means, in a sentence or two for the person who met it.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $means),* }
            }

            /// What to do about it.
            pub const fn mend(self) -> &'static str {
                match self { $(Self::$variant => $mend),* }
            }

            /// The commands that do it, if commands can.
            pub const fn remedy(self) -> Remedy {
                match self { $(Self::$variant => Remedy::$remedy),* }
            }

            /// The rule behind it: an RFC section, a browser's source, or a measurement.
            pub const fn source(self) -> &'static str {
                match self { $(Self::$variant => $source),* }
            }
        }
    };
}

faults! {
    SelfSigned "self-signed" Certificate {
        means: "The certificate is signed with its own key, and the client was never told to trust it.",
        mend: "Browse to https://HOST:PORT/ and accept the warning, import the certificate, or use one from an authority that the client knows.",
        by: NewAuthority,
        source: "RFC 5280 section 3.2 (self-signed); Firefox names it apart: MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT",
    }
    UnknownIssuer "unknown-issuer" Certificate {
        means: "No chain leads from the certificate to an authority that the client trusts.",
        mend: "Import the issuing authority's root into the client, or use a certificate from an authority that the client knows.",
        by: NewAuthority,
        source: "RFC 5280 section 6.1 (trust anchor)",
    }
    MissingIntermediate "missing-intermediate" Certificate {
        means: "The proxy sent its own certificate only, and that was not issued by a trusted root: the intermediate between the two is missing.",
        mend: "Give the proxy the full chain (certbot: fullchain.pem, not cert.pem): the leaf first, then each intermediate.",
        by: WholeChain,
        source: "RFC 8446 section 4.4.2 (the sender's list should hold the whole chain but the root)",
    }
    WrongName "wrong-name" Certificate {
        means: "The certificate is for other names than the host in the URL.",
        mend: "Use one of the certificate's names in the URL, or issue it again with the URL's host as a subjectAltName (an iPAddress entry for an address).",
        by: NewCertificate,
        source: "RFC 9525 section 6.3; RFC 5280 section 4.2.1.6",
    }
    NoSubjectAltName "no-subject-alt-name" Certificate {
        means: "The certificate has no subjectAltName: it names its host in the common name only, which today's browsers ignore.",
        mend: "Issue it again with a subjectAltName.",
        by: NewCertificate,
        source: "RFC 9525 section 2 (the common name is not used); Chromium since 58, Firefox since 101, Apple since iOS 13 (support.apple.com/103769)",
    }
    Expired "expired" Certificate {
        means: "The certificate's last day has passed.",
        mend: "Renew it, give the proxy the new file, and look why the renewal did not come by itself. If it is not expired, the client's clock is wrong.",
        by: NewCertificate,
        source: "RFC 5280 section 4.1.2.5 (notAfter)",
    }
    NotYetValid "not-yet-valid" Certificate {
        means: "The certificate's first day has not come, by the client's clock.",
        mend: "Set the clocks of the client and of the machine that issued it; a machine without a clock battery starts in 1970.",
        by: NewCertificate,
        source: "RFC 5280 section 4.1.2.5 (notBefore)",
    }
    CaAsServer "ca-as-server" Certificate {
        means: "The certificate says CA:TRUE, so it is an authority's, and it is used as a server's.",
        mend: "Keep the two apart: import an authority (CA:TRUE) and let it issue the proxy's certificate (CA:FALSE).",
        by: NewCertificate,
        source: "mozilla::pkix (MOZILLA_PKIX_ERROR_CA_CERT_USED_AS_END_ENTITY); measured with Firefox 153: refused even when imported",
    }
    AnchorNotCa "anchor-not-a-ca" Certificate {
        means: "The certificate was imported as trusted, but says CA:FALSE, so it is no authority.",
        mend: "Make an authority (CA:TRUE), import that, and let it issue the proxy's certificate.",
        by: NewAuthority,
        source: "Measured with Chromium 156: ERR_CERT_INVALID for an imported CA:FALSE certificate",
    }
    ValidityTooLong "validity-too-long" Certificate {
        means: "The certificate is valid for more days than the client allows.",
        mend: "Issue it for at most 398 days; Apple allows 825 for a root that the user added.",
        by: NewCertificate,
        source: "Apple: support.apple.com/103769 (825 days); CA/Browser Forum baseline requirements 6.3.2",
    }
    MissingServerAuth "missing-server-auth" Certificate {
        means: "The certificate does not say what it is for: it has no extendedKeyUsage.",
        mend: "Issue it again with extendedKeyUsage serverAuth.",
        by: NewCertificate,
        source: "Apple: support.apple.com/103769 (required since iOS 13); the others accept a certificate without the extension",
    }
    AddressAsName "address-as-name" Certificate {
        means: "The host in the URL is an address, and the certificate has it as a text (dNSName) and not as an address (iPAddress).",
        mend: "Issue it again with the address as an address.",
        by: NewCertificate,
        source: "RFC 9525 section 6.4; RFC 5280 section 4.2.1.6",
    }
    BadSignature "bad-signature" Certificate {
        means: "A certificate names a known issuer, but its signature was not made with that issuer's key.",
        mend: "Serve the certificate exactly as it was issued, and the issuer's present certificate with it: one was altered, or the authority was made anew under its old name.",
        by: NewAuthority,
        source: "RFC 5280 section 6.1.3 (a)(1)",
    }
    Malformed "malformed-certificate" Certificate {
        means: "What the proxy sent is not a certificate that can be read.",
        mend: "Issue the certificate again with a current tool.",
        by: NewCertificate,
        source: "RFC 5280 section 4.1 (DER encoding)",
    }
    MalformedIssuer "malformed-issuer" Certificate {
        means: "A certificate above the proxy's own, or the one that the client trusts, cannot be read.",
        mend: "Serve, and import, the issuer's certificate exactly as the authority publishes it.",
        by: NewAuthority,
        source: "RFC 5280 section 4.1 (DER encoding)",
    }
    NoDnsName "no-dns-name" Certificate {
        means: "The certificate names the host in its common name only: its subjectAltName has addresses or other things, and no name of a host (dNSName).",
        mend: "Issue it again with the host as a name in the subjectAltName (DNS:HOST), beside what is there.",
        by: NewCertificate,
        source: "RFC 9525 section 6.3 (the common name is not used); measured: OpenSSL (crypto/x509/v3_utl.c, do_x509_check), Python and Node look at the common name there",
    }
    LeadingWildcard "leading-wildcard" Certificate {
        means: "The certificate names the host only by a wildcard in front of a part of a label, such as *y.example.org.",
        mend: "Issue it again with the host itself, or with a wildcard that is a whole label: *.example.org",
        by: NewCertificate,
        source: "RFC 9525 section 6.3 (a wildcard is the whole leftmost label); measured: GnuTLS and OpenSSL take it",
    }
    TrailingWildcard "trailing-wildcard" Certificate {
        means: "The certificate names the host only by a wildcard behind a part of a label, such as p*.example.org.",
        mend: "Issue it again with the host itself, or with a wildcard that is a whole label: *.example.org",
        by: NewCertificate,
        source: "RFC 9525 section 6.3 (a wildcard is the whole leftmost label); measured: OpenSSL takes it",
    }
    PartialWildcard "partial-wildcard" Certificate {
        means: "The certificate names the host only by a wildcard within a label, such as p*y.example.org.",
        mend: "Issue it again with the host itself, or with a wildcard that is a whole label: *.example.org",
        by: NewCertificate,
        source: "RFC 9525 section 6.3 (a wildcard is the whole leftmost label)",
    }
    BroadWildcard "broad-wildcard" Certificate {
        means: "The certificate names the host only by a wildcard right below a top-level domain, such as *.test.",
        mend: "Issue it again with the host itself as a subjectAltName.",
        by: NewCertificate,
        source: "RFC 9525 section 7.1; Chromium net/cert/x509_certificate.cc (VerifyHostname), mozilla::pkix pkixnames.cpp (two labels after the wildcard)",
    }
    PublicSuffixWildcard "public-suffix-wildcard" Certificate {
        means: "The certificate names the host only by a wildcard right below a suffix under which the public registers names, such as *.co.uk.",
        mend: "Issue it again with the host itself as a subjectAltName.",
        by: NewCertificate,
        source: "CA/Browser Forum baseline requirements 3.2.2.6; publicsuffix.org; Chromium net/cert/x509_certificate.cc (VerifyHostname)",
    }
    WildcardOverUnderscore "wildcard-over-underscore" Certificate {
        means: "The certificate names the host only by a wildcard, and the label of the host for which it stands has an underscore.",
        mend: "Issue it again with the host itself as a subjectAltName, or give the host a name of letters, digits and hyphens.",
        by: NewCertificate,
        source: "RFC 1123 section 2.1 (no underscore in names of hosts); OpenSSL crypto/x509/v3_utl.c (wildcard_match), measured with openssl and Python",
    }
    TrailingDot "trailing-dot" Certificate {
        means: "Of the host in the URL and the name in the certificate one ends with a dot, and the other does not.",
        mend: "Leave the dot out of the URL, and out of the certificate.",
        by: Words,
        source: "RFC 9525 section 6.2; measured: WebKitGTK, openssl and Python compare the dot too",
    }
    DottedName "dotted-name" Certificate {
        means: "The certificate names the host with a dot at its end.",
        mend: "Issue it again with the name without the dot.",
        by: NewCertificate,
        source: "RFC 5280 section 4.2.1.6 (the preferred name syntax has no dot at its end); measured: Firefox refuses it",
    }
    MalformedName "malformed-name" Certificate {
        means: "The certificate's subjectAltName cannot be read, is empty, or has an entry that cannot be a name.",
        mend: "Issue it again with one subjectAltName that lists host names (DNS:) and addresses (IP:).",
        by: NewCertificate,
        source: "RFC 5280 section 4.2.1.6",
    }
    EmptyName "empty-name" Certificate {
        means: "A subjectAltName of the certificate is empty.",
        mend: "Issue it again without that name.",
        by: NewCertificate,
        source: "RFC 5280 section 4.2.1.6 (a dNSName of one blank must not be used); measured: GnuTLS refuses it",
    }
    UnderscoreName "underscore-name" Certificate {
        means: "A subjectAltName of the certificate has an underscore, which no host name should have.",
        mend: "Nothing, as long as the clients in use accept it; otherwise give the host a name of letters, digits and hyphens.",
        by: Words,
        source: "RFC 1123 section 2.1; measured: every client here accepts it",
    }
    ImproperName "improper-name" Certificate {
        means: "A subjectAltName of the certificate is not as names of hosts are: it has an empty label, a wildcard in another place than its first label, or something else than letters, digits and hyphens.",
        mend: "Issue it again without that name.",
        by: NewCertificate,
        source: "RFC 5280 section 4.2.1.6 with RFC 1123 section 2.1; RFC 9525 section 6.3",
    }
    CommonNameMismatch "common-name-mismatch" Certificate {
        means: "The common name is not the host in the URL, whatever the subjectAltName says.",
        mend: "Nothing for today's clients, which do not look at the common name; for a client of 2012, make it the host.",
        by: NewCertificate,
        source: "The wiki page \"Encrypted Connections\" (iOS 5); RFC 2818 section 3.1",
    }
    ServerMaySign "server-may-sign" Certificate {
        means: "The certificate is a server's, and its keyUsage says that it may sign other certificates.",
        mend: "Issue it again with keyUsage digitalSignature alone.",
        by: NewCertificate,
        source: "RFC 5280 section 4.2.1.3 (keyCertSign asserted, so cA must be)",
    }
    AnchorMayNotSign "anchor-may-not-sign" Certificate {
        means: "The certificate was imported as trusted, but its keyUsage does not include keyCertSign.",
        mend: "Make an authority with keyUsage keyCertSign, import that, and let it issue the proxy's certificate.",
        by: NewAuthority,
        source: "Measured with Chromium 156: ERR_CERT_INVALID for an imported CA:TRUE certificate whose keyUsage lacks keyCertSign",
    }
    AnchorNotRoot "anchor-not-a-root" Certificate {
        means: "What the client was told to trust is no root: another authority has issued it, and that one is not trusted.",
        mend: "Import the root above it too; or tell the client to be content with what it has (openssl: -partial_chain).",
        by: NewAuthority,
        source: "OpenSSL, crypto/x509/x509_vfy.c (X509_V_FLAG_PARTIAL_CHAIN); measured: openssl, Python and Node.js refuse it, curl and the browsers do not",
    }
    IssuerNotCa "issuer-not-a-ca" Certificate {
        means: "A certificate was signed with the key of one that says CA:FALSE, which may issue none.",
        mend: "Issue the certificate by a real authority. If nobody here did this, somebody tries to spoof the host.",
        by: NewAuthority,
        source: "RFC 5280 section 6.1.4 (k)",
    }
    IssuerWithoutConstraints "issuer-without-basic-constraints" Certificate {
        means: "A certificate was signed with the key of one that has no basicConstraints, so does not say that it is an authority.",
        mend: "Issue the certificate by an authority that says CA:TRUE.",
        by: NewAuthority,
        source: "RFC 5280 section 6.1.4 (k); measured: only Firefox minds, for an imported one",
    }
    IssuerMayNotSign "issuer-may-not-sign" Certificate {
        means: "A certificate was signed with the key of one whose keyUsage does not include keyCertSign.",
        mend: "Issue the authority again with keyUsage keyCertSign.",
        by: NewAuthority,
        source: "RFC 5280 section 6.1.4 (n)",
    }
    IssuerExpired "issuer-expired" Certificate {
        means: "A certificate above the proxy's own, an intermediate or the root, is outside its dates.",
        mend: "Serve the issuer's present intermediate; if the root has ended, import its successor.",
        by: NewAuthority,
        source: "RFC 5280 section 6.1.3 (a)(2)",
    }
    IssuerNotYetValid "issuer-not-yet-valid" Certificate {
        means: "A certificate above the proxy's own, an intermediate or the root, is not valid yet by the client's clock.",
        mend: "Set the clocks of the client and of the machine that issued it.",
        by: NewAuthority,
        source: "RFC 5280 section 6.1.3 (a)(2)",
    }
    PathTooLong "path-too-long" Certificate {
        means: "There are more authorities in a row than one of them allows below it (pathLenConstraint).",
        mend: "Issue the certificate directly below the authority that may issue, or issue that one again without the limit.",
        by: NewAuthority,
        source: "RFC 5280 sections 4.2.1.9 and 6.1.4 (l), (m)",
    }
    PathTooLongIfAllCount "path-too-long-if-all-count" Certificate {
        means: "There are more authorities in a row than one of them allows below it (pathLenConstraint), if those that issued a certificate for their own name are counted, which they should not be.",
        mend: "Leave the certificate that an authority issued for its own name out, or issue the one above again with a longer limit.",
        by: NewAuthority,
        source: "RFC 5280 section 4.2.1.9; measured: GnuTLS counts them",
    }
    RepeatedAuthority "repeated-authority" Certificate {
        means: "A way to the authority leads twice through the same name and key, as where a certificate could be its own issuer.",
        mend: "Send the certificate and the intermediates above it, each once, and no others.",
        by: WholeChain,
        source: "RFC 4158 section 5.2 (loops); mozilla::pkix, pkixbuild.cpp (PathBuildingStep::Check)",
    }
    IssuerWrongPurpose "issuer-wrong-purpose" Certificate {
        means: "An authority above the certificate may issue for other purposes only: its extendedKeyUsage lacks serverAuth.",
        mend: "Issue the certificate by an authority whose extendedKeyUsage is absent, or has serverAuth.",
        by: NewAuthority,
        source: "RFC 5280 section 4.2.1.12; CA/Browser Forum baseline requirements 7.1.2.10.6; measured: WebKitGTK does not look",
    }
    IssuerAnyPurpose "issuer-any-purpose" Certificate {
        means: "An authority above the certificate may issue for any purpose (anyExtendedKeyUsage), and does not say serverAuth.",
        mend: "Issue the certificate by an authority whose extendedKeyUsage is absent, or has serverAuth.",
        by: NewAuthority,
        source: "RFC 5280 section 4.2.1.12; measured: Firefox, OpenSSL and gnutls-cli refuse it",
    }
    IssuerUnknownCriticalExtension "issuer-unknown-critical-extension" Certificate {
        means: "An authority above the certificate has an extension that is marked critical, and that the client does not know.",
        mend: "Issue the authority again without that extension, or with the extension not critical.",
        by: NewAuthority,
        source: "RFC 5280 section 4.2",
    }
    IssuerMalformedExtension "issuer-malformed-extension" Certificate {
        means: "An extension of an authority above the certificate cannot be read.",
        mend: "Issue the authority again with a current tool.",
        by: NewAuthority,
        source: "RFC 5280 section 4.2",
    }
    IssuerVersion1 "issuer-version-1" Certificate {
        means: "An authority above the certificate is of X.509 version 1, which cannot say that it is one.",
        mend: "Issue the authority again with extensions, which makes it version 3.",
        by: NewAuthority,
        source: "RFC 5280 section 6.1.4 (k)",
    }
    IssuerWeakKey "issuer-weak-key" Certificate {
        means: "The key of an authority above the certificate is weak: an RSA key shorter than 2048 bits, or one on P-192.",
        mend: "Make the authority anew with a P-256 or an RSA-2048 key, import it, and issue the certificate again.",
        by: NewAuthority,
        source: "CA/Browser Forum baseline requirements 6.1.5; OpenSSL security level 2",
    }
    IssuerWeakSignature "issuer-weak-signature" Certificate {
        means: "An intermediate above the certificate is signed with SHA-1 or MD5.",
        mend: "Issue the intermediate again with SHA-256.",
        by: NewAuthority,
        source: "RFC 9155; CA/Browser Forum baseline requirements 7.1.3.2",
    }
    NameConstraint "name-constraint-violated" Certificate {
        means: "The issuer may issue for some names only, and the host is not among them.",
        mend: "Issue the certificate by an authority that may name this host. If nobody here did this, the constraint has just prevented a spoof.",
        by: NewAuthority,
        source: "RFC 5280 section 4.2.1.10",
    }
    NameExcluded "name-excluded" Certificate {
        means: "The issuer may not issue for some names, and one of the certificate's is among them.",
        mend: "Issue the certificate by an authority that may name this host. If nobody here did this, the constraint has just prevented a spoof.",
        by: NewAuthority,
        source: "RFC 5280 section 4.2.1.10 (excludedSubtrees)",
    }
    ConstrainedSuccessor "constrained-successor" Certificate {
        means: "An authority has issued a certificate for its own name, and that has another name that a name constraint above does not permit, which is no fault: such a successor is free of them.",
        mend: "Issue the successor without subjectAltName.",
        by: NewAuthority,
        source: "RFC 5280 section 4.2.1.10 (not applied to self-issued certificates); measured: Firefox applies them",
    }
    WildcardOverConstraint "wildcard-over-constraint" Certificate {
        means: "The issuer may not issue for some names, and the certificate has a wildcard that stands for one of them.",
        mend: "Issue it again with the host itself, in place of the wildcard.",
        by: NewCertificate,
        source: "CVE-2025-61727; measured: GnuTLS does not look",
    }
    WildcardConstraint "wildcard-constraint" Certificate {
        means: "A name constraint of an authority has a wildcard, which it must not have.",
        mend: "Issue the authority again; a domain in a constraint stands for all names below it.",
        by: NewAuthority,
        source: "RFC 5280 section 4.2.1.10; mozilla::pkix (SEC_ERROR_BAD_DER)",
    }
    EmptyConstraint "empty-constraint" Certificate {
        means: "The name constraints of an authority permit nothing and exclude nothing.",
        mend: "Issue the authority again without them.",
        by: NewAuthority,
        source: "RFC 5280 section 4.2.1.10",
    }
    UnsupportedConstraint "unsupported-constraint" Certificate {
        means: "An authority excludes names of a form that the client cannot compare.",
        mend: "Issue the authority again without that constraint.",
        by: NewAuthority,
        source: "RFC 5280 section 4.2.1.10; measured: GnuTLS refuses excluded names that are neither hosts, addresses nor mailboxes",
    }
    UncomparableName "uncomparable-name" Certificate {
        means: "An authority has name constraints, and a name in a certificate below it is none that could be compared with them.",
        mend: "Issue the certificate again without the name that is none.",
        by: NewCertificate,
        source: "mozilla::pkix, pkixnames.cpp (CheckNameConstraints: SEC_ERROR_BAD_DER)",
    }
    TooManyConstraints "too-many-constraints" Certificate {
        means: "There are more names in a certificate, and name constraints above it, than a client compares.",
        mend: "Issue the certificate again with fewer names.",
        by: NewCertificate,
        source: "Chromium, pki/name_constraints.cc (a million comparisons); GnuTLS, lib/x509/name_constraints.c",
    }
    WrongPurpose "wrong-purpose" Certificate {
        means: "The certificate is for another purpose: its extendedKeyUsage has neither serverAuth nor anyExtendedKeyUsage.",
        mend: "Issue it again with extendedKeyUsage serverAuth.",
        by: NewCertificate,
        source: "RFC 5280 section 4.2.1.12",
    }
    AnyPurpose "any-purpose" Certificate {
        means: "The certificate's extendedKeyUsage is for any purpose (anyExtendedKeyUsage), and does not say serverAuth.",
        mend: "Issue it again with extendedKeyUsage serverAuth.",
        by: NewCertificate,
        source: "RFC 5280 section 4.2.1.12 (applications may require the particular purpose); measured: Firefox and OpenSSL do",
    }
    KeyUsageMismatch "key-usage-mismatch" Certificate {
        means: "The certificate's keyUsage does not allow what the key has to do in this handshake: digitalSignature is missing.",
        mend: "Issue it again with keyUsage digitalSignature.",
        by: NewCertificate,
        source: "RFC 5280 section 4.2.1.3; RFC 8446 section 4.4.2.2; Chromium: ERR_SSL_KEY_USAGE_INCOMPATIBLE",
    }
    KeyUsageWithoutTls "key-usage-without-tls" Certificate {
        means: "The certificate's keyUsage allows nothing that a TLS server does: neither digitalSignature nor keyEncipherment nor keyAgreement.",
        mend: "Issue it again with keyUsage digitalSignature.",
        by: NewCertificate,
        source: "RFC 5280 section 4.2.1.3; mozilla::pkix (SEC_ERROR_INADEQUATE_KEY_USAGE)",
    }
    UnknownCriticalExtension "unknown-critical-extension" Certificate {
        means: "The certificate has an extension that is marked critical, and that the client does not know.",
        mend: "Issue it again without that extension, or with the extension not critical.",
        by: NewCertificate,
        source: "RFC 5280 section 4.2",
    }
    MalformedExtension "malformed-extension" Certificate {
        means: "An extension of the certificate cannot be read.",
        mend: "Issue it again with a current tool.",
        by: NewCertificate,
        source: "RFC 5280 section 4.2",
    }
    DuplicateExtension "duplicate-extension" Certificate {
        means: "The certificate has the same extension twice.",
        mend: "Issue it again with each extension once; look for one that is both in the request and in the authority's configuration.",
        by: NewCertificate,
        source: "RFC 5280 section 4.2 (not more than one instance)",
    }
    Version1 "version-1" Certificate {
        means: "The certificate is of X.509 version 1, which has no extensions: no subjectAltName, and nothing that says what it is for.",
        mend: "Issue it again with extensions, which makes it version 3.",
        by: NewCertificate,
        source: "RFC 5280 section 4.1.2.1",
    }
    BadSerialNumber "bad-serial-number" Certificate {
        means: "The certificate's serial number is zero, negative, or longer than 20 octets.",
        mend: "Issue it again with a random positive serial number.",
        by: NewCertificate,
        source: "RFC 5280 section 4.1.2.2",
    }
    ReusedSerialNumber "reused-serial-number" Certificate {
        means: "The client has met another certificate of the same issuer with the same serial number.",
        mend: "Issue it again with a new serial number, or under an authority of a new name.",
        by: NewCertificate,
        source: "RFC 5280 section 4.1.2.2 (unique for each certificate issued by a CA); Firefox: SEC_ERROR_REUSED_ISSUER_AND_SERIAL",
    }
    WeakKey "weak-key" Certificate {
        means: "The certificate's key is weak: an RSA key shorter than 2048 bits, or one on P-192.",
        mend: "Issue it again with a new key.",
        by: NewCertificate,
        source: "CA/Browser Forum baseline requirements 6.1.5; OpenSSL security level 2",
    }
    UnusableKey "unusable-key" Certificate {
        means: "The certificate's key is of a type that the client cannot use.",
        mend: "Issue it again with a P-256 or an RSA-2048 key.",
        by: NewCertificate,
        source: "RFC 8446 section 9.1 (what every client takes)",
    }
    WeakSignature "weak-signature" Certificate {
        means: "The certificate is signed with SHA-1 or MD5.",
        mend: "Issue it again with SHA-256.",
        by: NewCertificate,
        source: "RFC 9155; CA/Browser Forum baseline requirements 7.1.3.2",
    }
    UnsupportedSignature "unsupported-signature" Certificate {
        means: "The certificate, or one above it, is signed with an algorithm that the client does not know.",
        mend: "Issue it by an authority with an RSA or a P-256 key.",
        by: NewAuthority,
        source: "RFC 5280 section 6.1.3 (a)(1)",
    }
    UnsupportedCurve "unsupported-curve" Certificate {
        means: "The certificate, or one above it, is signed with a key on an elliptic curve that the client does not know.",
        mend: "Issue it by an authority with a P-256 key.",
        by: NewAuthority,
        source: "RFC 8422 section 5.1.1; mozilla::pkix (SEC_ERROR_UNSUPPORTED_ELLIPTIC_CURVE)",
    }
    SignatureAlgorithmMismatch "signature-algorithm-mismatch" Certificate {
        means: "The certificate states one signature algorithm inside what is signed, and another one outside.",
        mend: "Issue it again with a current tool; somebody may have altered it.",
        by: NewCertificate,
        source: "RFC 5280 section 4.1.1.2",
    }
    MissingStaple "missing-staple" Certificate {
        means: "The certificate demands a stapled OCSP answer (must-staple), and the server sent none.",
        mend: "Issue it again without the TLS feature extension, or serve it with a server that staples.",
        by: NewCertificate,
        source: "RFC 7633 section 4.2; Firefox: MOZILLA_PKIX_ERROR_REQUIRED_TLS_FEATURE_MISSING",
    }
    LargeCertificate "large-certificate" Certificate {
        means: "A certificate is larger than 65535 octets.",
        mend: "Issue it again with fewer names.",
        by: NewCertificate,
        source: "mozilla::pkix, Input.h (an input has at most 65535 octets)",
    }
    TooManyCertificates "too-many-certificates" Certificate {
        means: "The server sent more certificates than the client takes.",
        mend: "Send the certificate and the intermediates above it, and no others.",
        by: WholeChain,
        source: "GnuTLS (DEFAULT_MAX_VERIFY_DEPTH: 16)",
    }
    EmptyIssuer "empty-issuer-name" Certificate {
        means: "The certificate's issuer has no name.",
        mend: "Give the authority a name, and issue both again.",
        by: NewAuthority,
        source: "RFC 5280 section 4.1.2.4; Firefox: MOZILLA_PKIX_ERROR_EMPTY_ISSUER_NAME",
    }
    EmptySubject "empty-subject" Certificate {
        means: "The certificate's subject is empty, and its subjectAltName, which stands in for it, is not marked critical.",
        mend: "Issue it again with a subject, or with the subjectAltName critical.",
        by: NewCertificate,
        source: "RFC 5280 section 4.1.2.6",
    }
    CriticalExtension "critical-extension" Certificate {
        means: "An extension is marked critical that must not be: a key identifier or authorityInfoAccess.",
        mend: "Issue it again with that extension not critical.",
        by: NewAuthority,
        source: "RFC 5280 sections 4.2.1.1, 4.2.1.2 and 4.2.2.1; measured: Chromium takes it for one that it does not know",
    }
    UncriticalExtension "uncritical-extension" Certificate {
        means: "An extension is not marked critical that must be: the basicConstraints of an authority, or name or policy constraints.",
        mend: "Nothing, as long as the clients in use accept it; otherwise issue the certificate again with that extension critical.",
        by: NewAuthority,
        source: "RFC 5280 sections 4.2.1.9 to 4.2.1.11",
    }
    MissingKeyIdentifier "missing-key-identifier" Certificate {
        means: "A certificate that was issued does not say by which key (authorityKeyIdentifier), or an authority does not name its own (subjectKeyIdentifier).",
        mend: "Issue it again with key identifiers.",
        by: NewAuthority,
        source: "RFC 5280 sections 4.2.1.1 and 4.2.1.2; Python 3.13 and later refuse it (VERIFY_X509_STRICT)",
    }
    KeyIdentifierMismatch "key-identifier-mismatch" Certificate {
        means: "A certificate says that another key of its issuer has signed it (authorityKeyIdentifier) than the one that did.",
        mend: "Issue it again; copy no authorityKeyIdentifier from another certificate.",
        by: NewCertificate,
        source: "RFC 5280 section 4.2.1.1",
    }

    NoPrivateKey "no-private-key" File {
        means: "The file has a certificate, but no private key, and none was given beside it.",
        mend: "Give the key with --key, or append it to the certificate file.",
        by: NewCertificate,
        source: "OpenSSL: SSL_CTX_use_PrivateKey_file:PEM lib (140B0009), which the wiki page lays at Chrome's door",
    }
    KeyMismatch "key-mismatch" File {
        means: "The private key belongs to another certificate.",
        mend: "Give the key that was made for this certificate (after a renewal: the new one), the leaf before its issuers.",
        by: NewCertificate,
        source: "OpenSSL: X509_check_private_key:key values mismatch",
    }
    MissingFile "missing-file" File {
        means: "The certificate file that the proxy was told to use, or its default self.pem, is not there.",
        mend: "Check --cert and the folder that the proxy was started in; default is self.pem in the working directory.",
        by: NewCertificate,
        source: "websockify 0.13: `SSL connection but '...' not found`",
    }
    MissingKeyFile "missing-key-file" File {
        means: "The key file that the proxy was told to use is not there, or its name is empty.",
        mend: "Check --key; leave it out if the key is in the certificate file.",
        by: NewCertificate,
        source: "novnc/noVNC#1251 (--key ''); websockify 0.13: `[Errno 2] No such file or directory`",
    }
    UnreadableFile "unreadable-file" File {
        means: "The certificate or key file is there, but the proxy may not read it.",
        mend: "Let the proxy's user read the file and enter each folder above it (certbot: live/ and archive/).",
        by: Words,
        source: "POSIX open(2): EACCES",
    }
    NotARegularFile "not-a-regular-file" File {
        means: "What the proxy was given as the certificate or key file is a folder, a pipe or a device, and no file.",
        mend: "Name a file in the folder (certbot: live/HOST/fullchain.pem and live/HOST/privkey.pem).",
        by: Words,
        source: "POSIX read(2): EISDIR; a pipe or a device may never end",
    }
    FileTooLarge "file-too-large" File {
        means: "The file is far larger than any certificate and key.",
        mend: "Give the file with the certificate; this is another one, an image of a disk or a log for instance.",
        by: Words,
        source: "RFC 8446 section 4.4.2 (a list of certificates has less than 16 MiB)",
    }
    EmptyFile "empty-file" File {
        means: "The certificate file is empty.",
        mend: "Write the certificate and its key into it, or give the file that holds them.",
        by: NewCertificate,
        source: "RFC 7468 section 2",
    }
    NotPem "not-pem" File {
        means: "The file holds no PEM block: no line says -----BEGIN ...-----.",
        mend: "Give the file with the certificate in PEM, or make a new one.",
        by: NewCertificate,
        source: "RFC 7468 section 2",
    }
    Pkcs12File "pkcs12-file" File {
        means: "The file is PKCS#12 (.pfx, .p12): key and certificates, as Windows keeps them, where PEM is wanted.",
        mend: "Convert it: openssl pkcs12 -in FILE -nodes -out self.pem",
        by: FromPkcs12,
        source: "RFC 7292; novnc/websockify#363",
    }
    Pkcs7File "pkcs7-file" File {
        means: "The file is PKCS#7 (.p7b): certificates without a key, in a form that servers do not take.",
        mend: "Convert it: openssl pkcs7 -in FILE -print_certs -out cert.pem (with -inform DER if it is not text), and give the key with --key.",
        by: FromPkcs7,
        source: "RFC 2315; novnc/websockify#286",
    }
    DerCertificate "der-certificate" File {
        means: "The file is a certificate in DER (.cer, .crt, .der), where PEM is wanted.",
        mend: "Convert it: openssl x509 -inform DER -in FILE -out cert.pem, and give the key with --key.",
        by: FromDerCertificate,
        source: "RFC 7468 section 5 (PEM); X.690 (DER)",
    }
    DerKey "der-key" File {
        means: "The file is a private key in DER, where PEM is wanted.",
        mend: "Convert it: openssl pkey -inform DER -in FILE -out key.pem",
        by: FromDerKey,
        source: "RFC 7468 section 10 (PEM); X.690 (DER)",
    }
    Utf16File "utf-16-file" File {
        means: "The file is text in UTF-16, as Windows PowerShell's > and Notepad's `Unicode` write it.",
        mend: "Convert it: iconv -f UTF-16 -t UTF-8 FILE > self.pem",
        by: FromUtf16,
        source: "RFC 7468 section 3 (ASCII); Windows PowerShell 5.1, about_Redirection (UTF-16LE)",
    }
    CertificateRequest "certificate-request" File {
        means: "The file holds a certificate request (CSR): what is sent to an authority, and not what comes back.",
        mend: "Use the certificate that the authority made for the request (certbot: live/HOST/fullchain.pem, not csr/).",
        by: NewCertificate,
        source: "RFC 2986; novnc/websockify#533",
    }
    DamagedPem "damaged-pem" File {
        means: "A PEM block in the file cannot be decoded: its base64 or its END line is damaged.",
        mend: "Copy the file again as it was issued; do not paste it through a terminal.",
        by: NewCertificate,
        source: "RFC 7468 section 3",
    }
    NoCertificate "no-certificate" File {
        means: "The file has a private key, but no certificate.",
        mend: "Give the certificate with --cert and the key with --key.",
        by: NewCertificate,
        source: "OpenSSL: SSL_CTX_use_certificate_chain_file:PEM lib (140DC009)",
    }
    EncryptedKey "encrypted-key" File {
        means: "The private key is encrypted, and no password was given.",
        mend: "Give --key-password, or decrypt the key: openssl pkey -in KEY -out PLAIN",
        by: PlainKey,
        source: "RFC 5958 section 3 (EncryptedPrivateKeyInfo); OpenSSL prompts for it, or prints PEM lib",
    }
    WrongKeyPassword "wrong-key-password" File {
        means: "The private key is encrypted, and the password does not open it.",
        mend: "Give the right --key-password.",
        by: PlainKey,
        source: "OpenSSL: bad decrypt",
    }
    UnsupportedKeyEncryption "unsupported-key-encryption" File {
        means: "The private key is encrypted in a way that the proxy does not know.",
        mend: "Encrypt it anew: openssl pkcs8 -topk8 -v2 aes-256-cbc -in KEY -out NEW; or decrypt it: openssl pkey -in KEY -out PLAIN",
        by: PlainKey,
        source: "RFC 1421 section 4.6.1 (Proc-Type: 4,ENCRYPTED), before PKCS#8; RFC 8018 (what PKCS#8 is encrypted with)",
    }
    UselessOption "useless-option" File {
        means: "The proxy was given an option that does nothing without another one: authorities for clients that are asked for no certificate, say.",
        mend: "Give the other option, too (--cafile: --verify-client), or the one that was meant (for the target: --ssl-target-cafile).",
        by: Words,
        source: "novnc/websockify#448: --cafile with --ssl-target",
    }
    UnloadableIdentity "unloadable-certificate" File {
        means: "The proxy could not load its certificate or key, and does not say which, or why.",
        mend: "Ask `wssure proxy --cert FILE --ssl-only`: it names file, block and reason.",
        by: Words,
        source: "websockify 0.13 passes OpenSSL's top error on: `[SSL] PEM lib`",
    }

    ClientRefusedCertificate "client-refused-certificate" Connection {
        means: "The client refused the proxy's certificate and said so with a TLS alert.",
        mend: "Ask the client which fault it saw: open https://HOST:PORT/ in it, or run `wssure open` with its profile.",
        by: Words,
        source: "RFC 8446 section 6.2 (alerts 42 to 48)",
    }
    ClientHungUp "client-hung-up" Connection {
        means: "The client ended the connection without an alert and without a request, as WebKit and Node do when they refuse a certificate.",
        mend: "Ask the client which fault it saw; if it is no browser, it may be a port scan or a health check.",
        by: Words,
        source: "Measured: WebKitGTK resets, Node closes; RFC 8446 section 6.1 asks for close_notify",
    }
    ConnectionRefused "connection-refused" Connection {
        means: "Nothing listens at that address and port.",
        mend: "Check that the proxy runs, on which address and port it listens, and what a firewall does.",
        by: Words,
        source: "RFC 9293 section 3.5.1 (a SYN is answered with RST)",
    }
    ConnectionClosed "connection-closed" Connection {
        means: "The server closed the connection before it had answered.",
        mend: "Look into the proxy's log: most often it could not load its own certificate or key.",
        by: Words,
        source: "RFC 9293 section 3.6",
    }
    ConnectionReset "connection-reset" Connection {
        means: "The server reset the connection before it had answered.",
        mend: "Look into the proxy's log: most often it could not load its own certificate or key.",
        by: Words,
        source: "RFC 9293 section 3.5.2",
    }
    TimedOut "timed-out" Connection {
        means: "No answer came in time.",
        mend: "Check address, port and firewall; if TCP connects and TLS does not, the server is stuck.",
        by: Words,
        source: "RFC 6455 section 4.1",
    }
    NotTls "not-tls" Connection {
        means: "The server answered something that is not TLS: it speaks plain text on this port.",
        mend: "Use ws:// or http://, another port, or give the server a certificate.",
        by: Words,
        source: "RFC 8446 section 5.1 (record layer)",
    }
    UpgradeRefused "upgrade-refused" Connection {
        means: "The server answered the WebSocket upgrade with another status than 101, or with a 101 that does not prove that it has read the request.",
        mend: "Check the URL's path, and a reverse proxy on the way: it must pass Upgrade and Connection on.",
        by: Words,
        source: "RFC 6455 section 4.1",
    }
    UpgradeStripped "upgrade-stripped" Connection {
        means: "A reverse proxy on the way has passed the request on without its Upgrade and Connection headers, so that the proxy behind it sees no WebSocket.",
        mend: "Let the reverse proxy pass the two on (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;).",
        by: Words,
        source: "RFC 9110 section 7.6.1 (hop-by-hop); nginx.org/en/docs/http/websocket.html; novnc/noVNC#1020",
    }
    MixedContent "mixed-content" Connection {
        means: "The page came over https://, and a script in it opened ws://: the browser does not even try.",
        mend: "Open wss:// in the page, and give the proxy a certificate; or serve the page over http:// where that is enough.",
        by: Words,
        source: "Mixed Content, W3C, section 5.3; novnc/websockify#558: `The operation is insecure.`",
    }
    PlainRefused "plain-refused" Connection {
        means: "A plain ws:// or http:// client came to a proxy that was told to serve TLS only.",
        mend: "Use wss:// or https:// in the URL, or start the proxy without --ssl-only.",
        by: Words,
        source: "websockify 0.13: `non-SSL connection received but disallowed`",
    }
    TargetUnreachable "target-unreachable" Connection {
        means: "The proxy was reached, but could not reach the target behind it: the client's side is fine.",
        mend: "Check that the target listens at the address that the proxy was given.",
        by: Words,
        source: "websockify 0.13: close code 1011, `Failed to connect to downstream server`",
    }
    TargetCertificateRefused "target-certificate-refused" Connection {
        means: "The proxy connects to its target over TLS, and refused the certificate that the target showed: the client's side is fine.",
        mend: "Give the target a certificate that the proxy's machine trusts, for the name by which the proxy calls it.",
        by: Words,
        source: "websockify 0.13: `Failed to connect to ...: certificate verify failed` and close code 1011; novnc/websockify#506",
    }
    TargetNotTls "target-not-tls" Connection {
        means: "The proxy was told to connect to its target over TLS, and the target answered something that is not TLS.",
        mend: "Leave --ssl-target out; a VNC server with TLS (VeNCrypt) begins in plain text, too.",
        by: Words,
        source: "novnc/noVNC#342: `SSL23_GET_SERVER_HELLO:unknown protocol`",
    }
    NameNotResolved "name-not-resolved" Connection {
        means: "The host in the URL has no address.",
        mend: "Check the host for a typing error, and its DNS record; `--connect ADDR:PORT` goes around it.",
        by: Words,
        source: "RFC 6455 section 4.1",
    }
    LocalNetworkBlocked "local-network-blocked" Connection {
        means: "A page from the public network opened a WebSocket to an address of the local network or of the machine itself, and the browser did not let it: no packet left.",
        mend: "Let the user grant the page local network access, and an embedding page pass it on (allow=\"local-network-access\"); or serve the page from the network that the proxy is in.",
        by: Words,
        source: "Local Network Access, WICG; Chromium 147 and later ask for WebSockets too: robert7/remnote-mcp-server#16",
    }
    ProtocolVersion "protocol-version" Connection {
        means: "Client and server have no TLS version in common.",
        mend: "Let the server speak TLS 1.2 and 1.3; update a client that cannot.",
        by: Words,
        source: "RFC 8446 section 6.2 (alert 70)",
    }
    NoCommonCipher "no-common-cipher" Connection {
        means: "Client and server have no cipher suite, group or signature algorithm in common; the certificate's key type may be one that the client does not take.",
        mend: "Use a certificate with an RSA-2048 or P-256 key, and default cipher suites.",
        by: Words,
        source: "RFC 8446 section 6.2 (alert 40)",
    }
    NoCommonSignature "no-common-signature" Connection {
        means: "The server has answered the client, and then found that its key makes no signature that the client takes.",
        mend: "Use a certificate with an RSA-2048 or P-256 key.",
        by: Words,
        source: "RFC 8446 sections 4.2.3 and 6.2 (alert 40 behind the ServerHello)",
    }
    ClientCertificateRequired "client-certificate-required" Connection {
        means: "The server wants a certificate from the client, and the client has none.",
        mend: "Install a client certificate, or do not require one: browsers do not ask for it on wss://.",
        by: Words,
        source: "RFC 8446 section 6.2 (alert 116); in TLS 1.2 alert 40",
    }
    ClientCertificateRefused "client-certificate-refused" Connection {
        means: "The server wants a certificate from the client, and refused the one that it got.",
        mend: "Have it issued by an authority that the server was told to trust, within its dates, and for clients (extendedKeyUsage clientAuth).",
        by: Words,
        source: "RFC 8446 section 4.4.2.4; rustls/rustls#1707 (in TLS 1.3 the client hears of it when it has connected)",
    }
    UnrecognizedName "unrecognized-name" Connection {
        means: "The server has no certificate for the name that the client asked for (SNI), or for a client that asks for none because it connects to an address.",
        mend: "Give the server a certificate for all other names, a default; or use a name in the URL that it knows.",
        by: Words,
        source: "RFC 6066 section 3 (alert 112); rustls/rustls#335",
    }
    NoCommonProtocol "no-common-protocol" Connection {
        means: "Client and server have no application protocol (ALPN) in common.",
        mend: "Let the server offer http/1.1, which a WebSocket is upgraded from, or no list at all.",
        by: Words,
        source: "RFC 7301 section 3.2 (alert 120)",
    }
    TargetRefusedProxy "target-refused-proxy" Connection {
        means: "The target behind the proxy wants a certificate from the proxy, which has none: the client's side is fine.",
        mend: "Let the target ask for no client certificate, or for none from the proxy's address.",
        by: Words,
        source: "RFC 8446 section 6.2 (alert 116; in TLS 1.2 alert 40)",
    }
    TargetLost "target-lost" Connection {
        means: "The target behind the proxy broke the connection in the middle of a session: the client's side is fine.",
        mend: "Look into the target's log; a firewall between proxy and target may forget idle connections.",
        by: Words,
        source: "RFC 9293 section 3.5.2 (reset); RFC 6455 section 7.4.1 (1011)",
    }
    WebsocketViolation "websocket-violation" Connection {
        means: "The client broke the WebSocket protocol, and the proxy ended the session.",
        mend: "Update the client. Text frames: send binary ones (`binaryType = \"arraybuffer\"`); a VNC or SSH target has no text.",
        by: Words,
        source: "RFC 6455 sections 5 and 7.4.1 (1002, 1003)",
    }
    HandlerCrashed "handler-crashed" Connection {
        means: "The proxy's connection handler failed in a way that its authors did not foresee.",
        mend: "Update the proxy, and report it with its log.",
        by: Words,
        source: "novnc/websockify#183: `WSRequestHandler instance has no attribute 'last_code'` after a refusal",
    }
    ServerAlert "server-alert" Connection {
        means: "The server ended the handshake with a TLS alert of its own.",
        mend: "Look into the server's log, and at the alert's name.",
        by: Words,
        source: "RFC 8446 section 6.2",
    }
    TlsViolation "tls-violation" Connection {
        means: "The server broke the TLS protocol.",
        mend: "Update the server, and look for a middle box on the way.",
        by: Words,
        source: "RFC 8446",
    }
    NotHttp "not-http" Connection {
        means: "The server's answer to the request is not HTTP.",
        mend: "Check the port: something else than a WebSocket proxy listens there.",
        by: Words,
        source: "RFC 9112 section 2",
    }
    PayloadDamaged "payload-damaged" Connection {
        means: "What came back through the proxy is not what was sent.",
        mend: "Report it to the proxy's authors: bytes were lost or changed.",
        by: Words,
        source: "RFC 6455 section 5.4",
    }
}
