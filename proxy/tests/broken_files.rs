//! Every way in which certificate and key files are broken: what is said at the start and about each client, with and
//! without `--ssl-only`.
#![allow(missing_docs)]

mod common;

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use common::openssl::{certify, join, openssl, pair, text};
use common::tls::{self, Client};
use common::websocket::WebSocket;
use common::{Proxy, closed_port, command, echo, rest};

/// One way to break a certificate file: what makes it, the options, and the words about it.
struct Broken {
    name: &'static str,
    make: fn(&Path),
    options: &'static [&'static str],
    reason: &'static str,
    openssl_words: &'static str,
    mend: &'static str,
}

const CERT_AND_KEY: &[&str] = &["--cert", "cert.pem", "--key", "key.pem"];

const BROKEN: &[Broken] = &[
    Broken {
        name: "folder",
        make: |folder| fs::create_dir(folder.join("self.pem")).unwrap(),
        options: &[],
        reason: "self.pem is a folder, not a file",
        openssl_words: "Is a directory",
        mend: "self.pem/fullchain.pem",
    },
    Broken {
        name: "link to nothing",
        make: |folder| symlink("archive/gone.pem", folder.join("self.pem")).unwrap(),
        options: &[],
        reason: "self.pem is a link to archive/gone.pem, which does not exist",
        openssl_words: "No such file or directory",
        mend: "make archive/gone.pem again, or point the link elsewhere; see ls -l self.pem",
    },
    Broken {
        name: "pipe that nobody writes to",
        make: |folder| {
            let done = Command::new("mkfifo").arg(folder.join("self.pem")).status().unwrap();
            assert!(done.success());
        },
        options: &[],
        reason: "self.pem is a pipe (FIFO), not a file",
        openssl_words: "PEM lib: no start line",
        mend: "write what comes through the pipe to a file",
    },
    Broken {
        name: "socket",
        make: |folder| drop(UnixListener::bind(folder.join("self.pem")).unwrap()),
        options: &[],
        reason: "self.pem is a socket, not a file",
        openssl_words: "PEM lib: no start line",
        mend: "give a PEM file",
    },
    Broken {
        name: "device without end",
        make: |_| {},
        options: &["--cert", "cert.pem", "--key", "/dev/zero"],
        reason: "/dev/zero is a device, not a file",
        openssl_words: "PEM lib: no start line",
        mend: "give a PEM file",
    },
    Broken {
        name: "file of gigabytes",
        make: |folder| File::create(folder.join("self.pem")).unwrap().set_len(5 << 30).unwrap(),
        options: &[],
        reason: "self.pem is too large for a certificate or key file: 5368709120 bytes",
        openssl_words: "PEM lib: no start line",
        mend: "see what it is: file self.pem; files of at most 16 MiB are read",
    },
    Broken {
        name: "DER under the name of its conversion",
        make: |folder| {
            openssl(folder, "x509 -in cert.pem -outform DER -out der");
            fs::rename(folder.join("der"), folder.join("cert.pem")).unwrap();
        },
        options: CERT_AND_KEY,
        reason: "it looks like a certificate in DER form",
        openssl_words: "PEM lib: no start line",
        mend: "openssl x509 -inform DER -in cert.pem -out converted.pem",
    },
    Broken {
        name: "empty",
        make: |folder| fs::write(folder.join("self.pem"), " \n").unwrap(),
        options: &[],
        reason: "self.pem is empty",
        openssl_words: "PEM lib: no start line",
        mend: "write certificate and key to it again",
    },
    Broken {
        name: "not PEM",
        make: |folder| fs::write(folder.join("self.pem"), "hello\n").unwrap(),
        options: &[],
        reason: "self.pem is not a PEM file: no line begins with -----BEGIN",
        openssl_words: "PEM lib: no start line",
        mend: "give a PEM file",
    },
    Broken {
        name: "DER certificate",
        make: |folder| openssl(folder, "x509 -in cert.pem -outform DER -out self.pem"),
        options: &[],
        reason: "it looks like a certificate in DER form",
        openssl_words: "PEM lib: no start line",
        mend: "openssl x509 -inform DER -in self.pem -out cert.pem",
    },
    Broken {
        name: "DER key",
        make: |folder| openssl(folder, "pkey -in key.pem -outform DER -out key.der"),
        options: &["--cert", "cert.pem", "--key", "key.der"],
        reason: "key.der is not a PEM file: it looks like a private key in DER form",
        openssl_words: "PEM lib: no start line",
        mend: "openssl pkey -inform DER -in key.der -out key.pem",
    },
    Broken {
        name: "PKCS#12",
        make: |folder| {
            openssl(
                folder,
                "pkcs12 -export -inkey key.pem -in cert.pem -passout pass:x -out self.pem",
            )
        },
        options: &[],
        reason: "it looks like PKCS#12 (.p12, .pfx)",
        openssl_words: "PEM lib: no start line",
        mend: "openssl pkcs12 -in self.pem -nodes -out converted.pem",
    },
    Broken {
        name: "PKCS#7 in DER",
        make: |folder| {
            openssl(folder, "crl2pkcs7 -nocrl -certfile cert.pem -outform DER -out self.pem")
        },
        options: &[],
        reason: "it looks like PKCS#7 (.p7b) in DER form",
        openssl_words: "PEM lib: no start line",
        mend: "openssl pkcs7 -inform DER -in self.pem -print_certs",
    },
    Broken {
        name: "PKCS#7 in PEM",
        make: |folder| openssl(folder, "crl2pkcs7 -nocrl -certfile cert.pem -out self.pem"),
        options: &[],
        reason: "self.pem has no certificate, PKCS#7 (.p7b)",
        openssl_words: "PEM lib: no start line",
        mend: "openssl pkcs7 -in self.pem -print_certs",
    },
    Broken {
        name: "request in DER",
        make: |folder| {
            openssl(folder, "req -new -key key.pem -subj /CN=x -outform DER -out self.pem")
        },
        options: &[],
        reason: "it looks like a certificate request in DER form",
        openssl_words: "PEM lib: no start line",
        mend: "send it to an authority",
    },
    Broken {
        name: "request",
        make: |folder| {
            openssl(folder, "req -new -key key.pem -subj /CN=x -out request.pem");
            join(folder, &["request.pem", "key.pem"], "self.pem");
        },
        options: &[],
        reason: "self.pem has no certificate, a certificate request (CSR), which is not a certificate yet",
        openssl_words: "PEM lib: no start line",
        mend: "use the certificate that the authority made",
    },
    Broken {
        name: "UTF-16",
        make: |folder| {
            let text = text(folder, "cert.pem");
            let utf16: Vec<u8> = std::iter::once(0xfeff)
                .chain(text.encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect();
            fs::write(folder.join("self.pem"), utf16).unwrap();
        },
        options: &[],
        reason: "it looks like text in UTF-16",
        openssl_words: "PEM lib: no start line",
        mend: "iconv -f UTF-16 -t UTF-8 self.pem > converted.pem",
    },
    Broken {
        name: "damaged base64",
        make: |folder| {
            let damaged = text(folder, "cert.pem").replacen("MII", "MI*", 1);
            fs::write(folder.join("self.pem"), damaged + &text(folder, "key.pem")).unwrap();
        },
        options: &[],
        reason: "self.pem, block 1 (CERTIFICATE, line 1) is damaged: line 2 has '*', which is not base64",
        openssl_words: "PEM lib: bad base64 decode",
        mend: "copy the file again",
    },
    Broken {
        name: "missing END line",
        make: |folder| {
            let key = text(folder, "key.pem").replace("-----END PRIVATE KEY-----", "");
            fs::write(folder.join("self.pem"), text(folder, "cert.pem") + &key).unwrap();
        },
        options: &[],
        reason: "block 2 (PRIVATE KEY, line 12) is damaged: its END line is missing",
        openssl_words: "PEM lib: bad end line",
        mend: "copy the file again",
    },
    Broken {
        name: "truncated certificate",
        make: |folder| {
            let cert = text(folder, "cert.pem");
            let lines: Vec<&str> =
                cert.lines().enumerate().filter(|(n, _)| *n != 3).map(|(_, line)| line).collect();
            fs::write(folder.join("self.pem"), lines.join("\n") + "\n" + &text(folder, "key.pem"))
                .unwrap();
        },
        options: &[],
        reason: "self.pem, block 1 (CERTIFICATE, line 1) is not an X.509 certificate",
        openssl_words: "PEM lib: ASN1 lib",
        mend: "openssl x509 -in self.pem -noout -text",
    },
    Broken {
        name: "truncated key",
        make: |folder| {
            let key = text(folder, "key.pem");
            let lines: Vec<&str> =
                key.lines().enumerate().filter(|(n, _)| *n != 2).map(|(_, line)| line).collect();
            fs::write(folder.join("key.pem"), lines.join("\n")).unwrap();
        },
        options: CERT_AND_KEY,
        reason: "key.pem, block 1 (PRIVATE KEY, line 1) is not a key of that kind",
        openssl_words: "PEM lib: ASN1 lib",
        mend: "openssl pkey -in key.pem -noout -text",
    },
    Broken {
        name: "certificate without key",
        make: |folder| join(folder, &["cert.pem"], "self.pem"),
        options: &[],
        reason: "self.pem has no private key, only a certificate",
        openssl_words: "PEM lib: no start line",
        mend: "give the key's file with --key, or append it: cat key.pem >> self.pem",
    },
    Broken {
        name: "key without certificate",
        make: |folder| join(folder, &["key.pem"], "self.pem"),
        options: &[],
        reason: "self.pem has no certificate, only a private key",
        openssl_words: "PEM lib: no start line",
        mend: "give the certificate's file with --cert",
    },
    Broken {
        name: "certificate where the key should be",
        make: |_| (),
        options: &["--cert", "cert.pem", "--key", "cert.pem"],
        reason: "cert.pem has no private key, only a certificate",
        openssl_words: "PEM lib: no start line",
        mend: "--key",
    },
    Broken {
        name: "public key",
        make: |folder| openssl(folder, "pkey -in key.pem -pubout -out public.pem"),
        options: &["--cert", "cert.pem", "--key", "public.pem"],
        reason: "public.pem has no private key, a public key, which is neither a certificate nor a private key",
        openssl_words: "PEM lib: no start line",
        mend: "--key",
    },
    Broken {
        name: "OpenSSH key",
        make: |folder| {
            let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE=\n-----END OPENSSH PRIVATE KEY-----\n";
            fs::write(folder.join("id.pem"), key).unwrap();
        },
        options: &["--cert", "cert.pem", "--key", "id.pem"],
        reason: "id.pem has no private key, a key in OpenSSH's own format",
        openssl_words: "PEM lib: no start line",
        mend: "ssh-keygen -p -m PEM -f key.pem",
    },
    Broken {
        name: "missing key file",
        make: |_| (),
        options: &["--cert", "cert.pem", "--key", "nowhere.pem"],
        reason: "nowhere.pem does not exist",
        openssl_words: "No such file or directory",
        mend: "--key",
    },
    Broken {
        name: "key of another certificate",
        make: |folder| {
            openssl(folder, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem")
        },
        options: CERT_AND_KEY,
        reason: "certificate and private key do not belong together: cert.pem, block 1 (CERTIFICATE, line 1) has the \
                 public key EC P-256 sha256:",
        openssl_words: "key values mismatch",
        mend: "openssl x509 -in cert.pem -noout -pubkey and openssl pkey -in key.pem -pubout print the same",
    },
    Broken {
        name: "key of another kind",
        make: |folder| {
            openssl(folder, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem")
        },
        options: CERT_AND_KEY,
        reason: "certificate and private key do not belong together, they are not even of one kind: cert.pem, block 1 \
                 (CERTIFICATE, line 1) has the public key EC P-256 sha256:",
        openssl_words: "key values mismatch",
        mend: "print the same",
    },
    Broken {
        name: "encrypted key without password",
        make: |folder| {
            openssl(folder, "pkcs8 -topk8 -in key.pem -passout pass:secret -out encrypted.pem")
        },
        options: &["--cert", "cert.pem", "--key", "encrypted.pem"],
        reason: "encrypted.pem, block 1 (ENCRYPTED PRIVATE KEY, line 1) is encrypted, and no password was given",
        openssl_words: "PEM lib: bad password read",
        mend: "--key-password",
    },
    Broken {
        name: "wrong password",
        make: |folder| {
            openssl(folder, "pkcs8 -topk8 -in key.pem -passout pass:secret -out encrypted.pem")
        },
        options: &["--cert", "cert.pem", "--key", "encrypted.pem", "--key-password", "wrong"],
        reason: "cannot be decrypted: the password is wrong",
        openssl_words: "PEM lib: bad decrypt",
        mend: "openssl pkey -in encrypted.pem -noout",
    },
    Broken {
        name: "wrong password for an old key",
        make: |folder| {
            openssl(folder, "ec -in key.pem -aes128 -passout pass:secret -out encrypted.pem")
        },
        options: &["--cert", "cert.pem", "--key", "encrypted.pem", "--key-password", "wrong"],
        reason: "encrypted.pem, block 1 (EC PRIVATE KEY, line 1) cannot be decrypted: the password is wrong",
        openssl_words: "PEM lib: bad decrypt",
        mend: "openssl pkey -in encrypted.pem -noout",
    },
    Broken {
        name: "unknown encryption",
        make: |folder| {
            openssl(folder, "ec -in key.pem -camellia128 -passout pass:secret -out encrypted.pem")
        },
        options: &["--cert", "cert.pem", "--key", "encrypted.pem", "--key-password", "secret"],
        reason: "is encrypted in a way not known here: the cipher \"CAMELLIA-128-CBC\"",
        openssl_words: "PEM lib: unsupported encryption",
        mend: "openssl pkcs8 -topk8",
    },
    Broken {
        name: "curve that TLS does not use",
        make: |folder| {
            openssl(
                folder,
                "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out key.pem",
            );
            certify(folder, "key.pem", "cert.pem", &[]);
        },
        options: CERT_AND_KEY,
        reason: "key.pem, block 1 (PRIVATE KEY, line 1) is a key that TLS cannot use here: EC secp256k1",
        openssl_words: "unknown certificate type",
        mend: "make a new key and certificate",
    },
    Broken {
        name: "old label and a curve that TLS does not use",
        make: |folder| openssl(folder, "ecparam -name secp256k1 -genkey -noout -out key.pem"),
        options: CERT_AND_KEY,
        reason: "key.pem, block 1 (EC PRIVATE KEY, line 1) is a key that TLS cannot use here: EC secp256k1",
        openssl_words: "unknown certificate type",
        mend: "make a new key and certificate",
    },
    Broken {
        name: "small RSA key",
        make: |folder| {
            openssl(folder, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out key.pem");
            certify(folder, "key.pem", "cert.pem", &[]);
        },
        options: CERT_AND_KEY,
        reason: "is a key that TLS cannot use here: RSA 1024",
        openssl_words: "ee key too small",
        mend: "RSA (2048 to 8192 bits)",
    },
    Broken {
        name: "Ed448",
        make: |folder| openssl(folder, "genpkey -algorithm ED448 -out key.pem"),
        options: CERT_AND_KEY,
        reason: "is a key that TLS cannot use here: Ed448",
        openssl_words: "unknown certificate type",
        mend: "make a new key and certificate",
    },
];

#[test]
fn every_broken_file_is_told_at_start_and_to_each_client() {
    for broken in BROKEN {
        let folder = pair("ec");
        let folder = folder.path();
        (broken.make)(folder);

        let mut proxy = Proxy::start(folder, broken.options, echo());
        let line = proxy.line("  - No SSL/TLS support: ");
        for words in
            [broken.reason, &format!(" (OpenSSL: {}); ", broken.openssl_words), broken.mend]
        {
            assert!(line.contains(words), "{}: {line:?} is without {words:?}", broken.name);
        }
        assert!(!line.contains("secret"), "{line}");

        let mut tls = proxy.connect();
        let (mut connection, _) = Client::default().connection();
        tls.write_all(&tls::client_hello(&mut connection)).unwrap();
        assert_eq!(
            rest(&mut tls),
            [],
            "{}: closed without an alert and without a reset",
            broken.name
        );
        let line = proxy.line(&format!("client {}: ", tls.local_addr().unwrap()));
        assert!(
            line.contains("TLS connection closed, no usable certificate: "),
            "{}: {line}",
            broken.name
        );
        assert!(line.contains(broken.reason), "{}: {line}", broken.name);
        assert!(
            line.ends_with(&format!(" (OpenSSL: {})", broken.openssl_words)),
            "{}: {line}",
            broken.name
        );
        WebSocket::open(proxy.connect()).echo(b"plain clients are served");

        let output = command()
            .current_dir(folder)
            .arg("--ssl-only")
            .args(broken.options)
            .args(["127.0.0.1:0", &closed_port().to_string()])
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{}: {stderr}", broken.name);
        assert!(
            stderr.starts_with("SSL only and no usable certificate: "),
            "{}: {stderr}",
            broken.name
        );
        assert!(stderr.contains(broken.reason), "{}: {stderr}", broken.name);
    }
}

#[test]
fn a_mismatch_names_the_prints_that_openssl_computes() {
    let folder = pair("ec");
    let folder = folder.path();
    let print = |name: &str| {
        openssl(folder, &format!("pkey -in key.pem -pubout -outform DER -out {name}"));
        openssl(folder, &format!("dgst -sha256 -r -out {name}.sum {name}"));
        text(folder, &format!("{name}.sum"))[..64].to_owned()
    };
    let certificate = print("certificate");
    openssl(folder, "genpkey -algorithm ED25519 -out key.pem");
    let key = print("key");
    let mut proxy = Proxy::start(folder, CERT_AND_KEY, echo());
    let line = proxy.line("key values mismatch");
    assert!(line.contains(&format!("EC P-256 sha256:{certificate}")), "{line}");
    assert!(line.contains(&format!("Ed25519 sha256:{key}")), "{line}");
}
