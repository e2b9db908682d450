//! Mends as commands: what a person types where a certificate, its issuer or its key have to be made right.
//!
//! They are for a POSIX shell and `openssl` 1.1.1 or newer, which is what operators have at hand, and work on files with
//! the names that `wssure make` writes. What they make connects with every client here; a test runs each of them.

use serde::Serialize;

use crate::host::Host;

/// What makes a fault good, if a command can.
///
/// Of several faults the greatest is good for all: the later ones do what the earlier ones do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Remedy {
    /// No command can: it is in the URL, in a clock, in the network, or in rights that only the operator knows.
    Words,
    /// The key without its password.
    PlainKey,
    /// The key and the certificates out of PKCS#12.
    FromPkcs12,
    /// The certificates out of PKCS#7.
    FromPkcs7,
    /// The certificate out of DER.
    FromDerCertificate,
    /// The key out of DER.
    FromDerKey,
    /// The text out of UTF-16.
    FromUtf16,
    /// The certificate with the intermediates above it, and nothing else.
    WholeChain,
    /// A new key, and a new certificate from the authority that the clients trust.
    NewCertificate,
    /// A new authority, which the clients are told to trust, and a new key and certificate from it.
    NewAuthority,
}

/// One command of a remedy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Command {
    /// What it is for, in a sentence.
    pub why: &'static str,
    /// The command, in one line for a shell.
    pub line: String,
}

/// The longest common name (RFC 5280 appendix A.1, ub-common-name), in characters.
const LONGEST_COMMON_NAME: usize = 64;

/// Where an authority is: its certificate in `NAME.pem` and its key in `NAME.key`.
#[derive(Clone, Copy)]
enum Authority {
    /// The one that the clients trust already.
    Trusted,
    /// The one that the commands have just made.
    New,
}

impl Authority {
    const fn name(self) -> &'static str {
        match self {
            Self::Trusted => "authority",
            Self::New => "new-authority",
        }
    }
}

impl Remedy {
    /// The commands in their order, for a proxy under that host; `HOST` stands in its place if none is given.
    ///
    /// They leave `mended.pem` for the proxy's `--cert`; [`Self::NewAuthority`] leaves `new-authority.pem`, too, for the
    /// clients. The names of all that they write begin with `mended` or `new-`: what is there stays as it is, but for the
    /// authority's count of serial numbers.
    pub fn commands(self, host: Option<&Host>) -> Vec<Command> {
        match self {
            Self::Words => Vec::new(),
            Self::PlainKey => vec![plain_key(), join("new-key.pem cert.pem")],
            Self::FromPkcs12 => vec![from_pkcs12()],
            Self::FromPkcs7 => vec![from_pkcs7(), join("key.pem new-cert.pem")],
            Self::FromDerCertificate => {
                vec![from_der_certificate(), join("key.pem new-cert.pem chain.pem")]
            }
            Self::FromDerKey => vec![from_der_key(), join("new-key.pem cert.pem")],
            Self::FromUtf16 => vec![from_utf16()],
            Self::WholeChain => vec![whole_chain(), join("key.pem new-leaf.pem chain.pem")],
            Self::NewCertificate => certificate(host, Authority::Trusted),
            Self::NewAuthority => [vec![authority()], certificate(host, Authority::New)].concat(),
        }
    }
}

fn plain_key() -> Command {
    Command {
        why: "Take the password from the key; it is asked for.",
        line: "openssl pkey -in key.pem -out new-key.pem".to_owned(),
    }
}

/// -nodes and not -noenc: OpenSSL 1.1.1 does not know the new name.
fn from_pkcs12() -> Command {
    Command {
        why: "Take the key and the certificates out of it, for --cert; its password is asked for.",
        line: "(umask 077; openssl pkcs12 -in self.pfx -nodes -out mended.pem)".to_owned(),
    }
}

fn from_pkcs7() -> Command {
    Command {
        why: "Take the certificates out of it, whether it is text or not. (The server's own has to be the first.)",
        line: "openssl pkcs7 -in cert.p7b -print_certs -out new-cert.pem || \
               openssl pkcs7 -inform DER -in cert.p7b -print_certs -out new-cert.pem"
            .to_owned(),
    }
}

fn from_der_certificate() -> Command {
    Command {
        why: "Take the certificate out of it; let chain.pem be what its authority publishes for it.",
        line: "openssl x509 -inform DER -in cert.der -out new-cert.pem".to_owned(),
    }
}

fn from_der_key() -> Command {
    Command {
        why: "Take the key out of it.",
        line: "(umask 077; openssl pkey -inform DER -in key.der -out new-key.pem)".to_owned(),
    }
}

fn from_utf16() -> Command {
    Command {
        why: "Write it again as the ASCII that it is.",
        line: "(umask 077; iconv -f UTF-16 -t UTF-8 self.pem > mended.pem)".to_owned(),
    }
}

fn whole_chain() -> Command {
    Command {
        why: "Take the server's own certificate alone; let chain.pem be what its authority publishes for it.",
        line: "openssl x509 -in cert.pem -out new-leaf.pem".to_owned(),
    }
}

/// There is a key in it, so it is nobody else's to read.
fn join(files: &str) -> Command {
    Command {
        why: "Put the key, the certificate and the intermediates above it, if there are any, into the file for --cert.",
        line: format!("(umask 077; cat {files} > mended.pem)"),
    }
}

/// The time is in its name: two authorities of one name and different keys confuse clients that have met both.
fn authority() -> Command {
    Command {
        why: "Make an authority, keep new-authority.key to yourself, and let the clients trust new-authority.pem.",
        line: "openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj \"/CN=Authority of $(date +%FT%T)\" \
               -keyout new-authority.key -out new-authority.pem"
            .to_owned(),
    }
}

fn certificate(host: Option<&Host>, authority: Authority) -> Vec<Command> {
    let bare = host.map_or_else(|| "HOST".into(), |host| host.bare());
    let form = match host {
        Some(Host::Address(_)) => "IP",
        _ => "DNS",
    };
    let common_name = if bare.len() <= LONGEST_COMMON_NAME { &*bare } else { "server" };
    let authority = authority.name();
    let request = Command {
        why: "Make a key, and a request for its certificate.",
        line: format!(
            "openssl req -new -newkey rsa:2048 -nodes -subj /CN={common_name} -keyout new-key.pem -out new-request.pem"
        ),
    };
    let extensions = Command {
        why: "Say what the certificate is for: the name in the URL, and a server.",
        line: format!(
            "printf '%s\\n' subjectAltName={form}:{bare} basicConstraints=critical,CA:FALSE \
             keyUsage=critical,digitalSignature,keyEncipherment extendedKeyUsage=serverAuth \
             subjectKeyIdentifier=hash authorityKeyIdentifier=keyid > new-extensions.txt"
        ),
    };
    let issue = Command {
        why: "Issue it. (A public authority takes new-request.pem, and sends the certificate and its intermediates.)",
        line: format!(
            "openssl x509 -req -in new-request.pem -CA {authority}.pem -CAkey {authority}.key -CAcreateserial -sha256 \
             -days 90 -extfile new-extensions.txt -out new-cert.pem"
        ),
    };
    vec![request, extensions, issue, join("new-key.pem new-cert.pem")]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(remedy: Remedy, host: &str) -> String {
        let host: Host = host.parse().unwrap();
        remedy.commands(Some(&host)).into_iter().map(|one| one.line + "\n").collect()
    }

    #[test]
    fn the_host_is_in_it_as_certificates_have_it() {
        assert!(lines(Remedy::NewCertificate, "a.test.").contains("subjectAltName=DNS:a.test "));
        assert!(lines(Remedy::NewCertificate, "[::1]").contains("subjectAltName=IP:::1 "));
        let long = format!("{0}.{0}.test", "a".repeat(40));
        let commands = lines(Remedy::NewAuthority, &long);
        assert!(commands.contains(&format!("DNS:{long} ")) && commands.contains("/CN=server "));
    }

    #[test]
    fn without_a_host_a_word_stands_for_it() {
        let commands = Remedy::NewCertificate.commands(None);
        assert!(commands.iter().any(|one| one.line.contains("subjectAltName=DNS:HOST ")));
    }

    #[test]
    fn a_greater_remedy_does_what_a_lesser_does() {
        let [lesser, greater] = [Remedy::NewCertificate, Remedy::NewAuthority];
        let whys = |remedy: Remedy| remedy.commands(None).into_iter().map(|one| one.why);
        assert!(greater > lesser);
        assert!(whys(greater).collect::<Vec<_>>().ends_with(&whys(lesser).collect::<Vec<_>>()));
    }
}
