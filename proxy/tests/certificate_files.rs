//! Certificate and key files as people have them: every form that serves, what is warned about, and the files that
//! are not there or may not be read.
#![allow(missing_docs)]

mod common;

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;

use common::openssl::{certify, join, make_authority, make_pair, openssl, pair, text};
use common::tls::{self, Client};
use common::{Proxy, closed_port, command, echo, get, rest};

/// The proxy starts with TLS, and serves over it the certificate that is in `cert.pem`.
#[track_caller]
fn serves(folder: &Path, options: &[&str]) -> Proxy {
    let options: Vec<&str> = ["--ssl-only"].into_iter().chain(options.iter().copied()).collect();
    let proxy = Proxy::start(folder, &options, echo());
    let (mut connection, judge) = Client::default().connection();
    let mut stream = proxy.connect();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).expect("the handshake succeeds");
    }
    openssl(folder, "x509 -in cert.pem -outform DER -out cert.der");
    assert_eq!(judge.chain.lock().unwrap()[0].as_ref(), fs::read(folder.join("cert.der")).unwrap());
    proxy
}

#[test]
fn key_and_certificate_stand_in_any_order_and_in_one_file_or_two() {
    for kind in ["ec", "rsa", "ed25519"] {
        let folder = pair(kind);
        let folder = folder.path();
        join(folder, &["cert.pem", "key.pem"], "self.pem");
        serves(folder, &[]);
        join(folder, &["key.pem", "cert.pem"], "other.pem");
        serves(folder, &["--cert", "other.pem"]);
        serves(folder, &["--cert", "cert.pem", "--key", "key.pem"]);
    }
}

/// The command of the page on encrypted connections, as it stands there.
#[test]
fn the_one_line_command_makes_a_file_that_serves() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    openssl(
        folder,
        "req -new -x509 -days 365 -nodes -subj /CN=localhost -out self.pem -keyout self.pem",
    );
    fs::copy(folder.join("self.pem"), folder.join("cert.pem")).unwrap();
    let mut proxy = serves(folder, &[]);
    proxy.line("  - SSL/TLS support: self.pem (CN=localhost; no names; until 20");
    proxy.line("  - Warning: the certificate has no subjectAltName");
    proxy.line("  - Warning: the certificate is that of an authority (CA:TRUE)");
}

#[test]
fn every_label_of_a_key_is_read() {
    let folder = pair("rsa");
    let folder = folder.path();
    openssl(folder, "rsa -in key.pem -traditional -out pkcs1.pem");
    openssl(folder, "pkcs8 -topk8 -in key.pem -passout pass:secret -out pbes2.pem");
    openssl(
        folder,
        "pkcs8 -topk8 -v2 aes-128-cbc -v2prf hmacWithSHA1 -in key.pem -passout pass:secret -out pbes2-sha1.pem",
    );
    openssl(folder, "pkcs8 -topk8 -v2 des3 -in key.pem -passout pass:secret -out pbes2-des3.pem");
    openssl(folder, "pkcs8 -topk8 -scrypt -in key.pem -passout pass:secret -out scrypt.pem");
    for cipher in ["aes128", "aes192", "aes256", "des3"] {
        openssl(
            folder,
            &format!(
                "rsa -in key.pem -traditional -{cipher} -passout pass:secret -out {cipher}.pem"
            ),
        );
    }
    serves(folder, &["--cert", "cert.pem", "--key", "pkcs1.pem"]);
    for key in ["pbes2", "pbes2-sha1", "pbes2-des3", "scrypt", "aes128", "aes192", "aes256", "des3"]
    {
        let file = format!("{key}.pem");
        assert!(text(folder, &file).contains("ENCRYPTED"));
        serves(folder, &["--cert", "cert.pem", "--key", &file, "--key-password", "secret"]);
    }

    for curve in ["P-256", "P-384", "P-521"] {
        // With the EC PARAMETERS block that `ecparam -genkey` puts first.
        let name = match curve {
            "P-256" => "prime256v1",
            "P-384" => "secp384r1",
            _ => "secp521r1",
        };
        openssl(folder, &format!("ecparam -name {name} -genkey -out key.pem"));
        assert!(text(folder, "key.pem").starts_with("-----BEGIN EC PARAMETERS-----"));
        certify(folder, "key.pem", "cert.pem", &[]);
        serves(folder, &["--cert", "cert.pem", "--key", "key.pem"]);
    }
}

#[test]
fn line_ends_and_text_around_do_not_matter() {
    let folder = pair("ec");
    let folder = folder.path();
    let both = text(folder, "cert.pem") + &text(folder, "key.pem");
    let touching =
        format!("{}{}", text(folder, "cert.pem").trim_end(), text(folder, "key.pem").trim_end());
    let explained = format!("\u{feff}Bag Attributes\n  localKeyID: 01\n{both}\nthe end");
    for (name, contents) in [
        ("crlf.pem", both.replace('\n', "\r\n")),
        ("cr.pem", both.replace('\n', "\r")),
        ("touching.pem", touching),
        ("explained.pem", explained),
    ] {
        fs::write(folder.join(name), contents).unwrap();
        serves(folder, &["--cert", name]);
    }
}

#[test]
fn the_leaf_is_the_certificate_of_the_key_wherever_it_stands() {
    let folder = pair("ec");
    let folder = folder.path();
    fs::create_dir(folder.join("ca")).unwrap();
    make_pair(&folder.join("ca"), "rsa");
    join(folder, &["ca/cert.pem", "key.pem", "cert.pem"], "self.pem");
    let mut proxy = serves(folder, &[]);
    proxy.line("  - Warning: in self.pem the certificate of the private key is number 2; it is sent first all the same");
}

/// certbot's four files: with the wrong one of them browsers that know the intermediate come in, and others do not.
#[test]
fn a_leaf_beside_its_full_chain_is_warned_about() {
    let folder = pair("ec");
    let folder = folder.path();
    make_authority(folder);
    join(folder, &["cert.pem", "ca.pem"], "fullchain.pem");
    let mut proxy = serves(folder, &["--cert", "cert.pem", "--key", "key.pem"]);
    proxy.line(
        "  - Warning: cert.pem has the certificate without the intermediate ones that go with it, and clients may not find \
         its issuer; serve fullchain.pem instead",
    );
    let proxy = serves(folder, &["--cert", "fullchain.pem", "--key", "key.pem"]);
    assert!(!proxy.lines.iter().any(|line| line.contains("Warning: ")), "{:?}", proxy.lines);
}

/// Bytes behind the certificate, inside of its block, are not sent.
#[test]
fn what_stands_behind_a_certificate_is_not_sent() {
    let folder = pair("ec");
    let folder = folder.path();
    openssl(folder, "x509 -in cert.pem -outform DER -out longer.der");
    let mut der = fs::read(folder.join("longer.der")).unwrap();
    der.extend([0; 5]);
    fs::write(folder.join("longer.der"), der).unwrap();
    openssl(folder, "base64 -in longer.der -out longer.txt");
    let block = text(folder, "longer.txt");
    let block = format!("-----BEGIN CERTIFICATE-----\n{block}-----END CERTIFICATE-----\n");
    fs::write(folder.join("longer.pem"), block).unwrap();
    serves(folder, &["--cert", "longer.pem", "--key", "key.pem"]);
}

/// Of two keys the one that fits is taken, whichever comes first.
#[test]
fn a_key_of_somebody_else_beside_the_right_one_does_not_matter() {
    let folder = pair("ec");
    let folder = folder.path();
    openssl(folder, "genpkey -algorithm ED25519 -out other.pem");
    join(folder, &["other.pem", "key.pem"], "first.pem");
    join(folder, &["key.pem", "other.pem"], "last.pem");
    for keys in ["first.pem", "last.pem"] {
        serves(folder, &["--cert", "cert.pem", "--key", keys]);
    }
}

#[test]
fn dates_are_warned_about() {
    let folder = pair("ec");
    let folder = folder.path();
    let issue = |dates: &str| {
        fs::write(folder.join("index"), "").unwrap();
        fs::create_dir_all(folder.join("new")).unwrap();
        let config = "[ca]\ndefault_ca=d\n[d]\ndatabase=index\nnew_certs_dir=new\nrand_serial=yes\ndefault_md=sha256\n\
                      policy=p\nx509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=DNS:localhost\n";
        fs::write(folder.join("ca.cnf"), config).unwrap();
        openssl(folder, "req -new -key key.pem -subj /CN=localhost -out request.pem");
        openssl(
            folder,
            &format!(
                "ca -batch -config ca.cnf -selfsign -keyfile key.pem -in request.pem -notext -out cert.pem {dates}"
            ),
        );
        serves(folder, &["--cert", "cert.pem", "--key", "key.pem"])
    };
    issue("-startdate 20200101000000Z -enddate 20210101000000Z")
        .line("  - Warning: the certificate expired at 2021-01-01 00:00:00 UTC");
    issue("-startdate 20910101000000Z -enddate 20920101000000Z")
        .line("  - Warning: the certificate is not valid before 2091-01-01 00:00:00 UTC");
    issue("-days 13").line("  - Warning: the certificate expires in 1");
}

#[test]
fn a_missing_file_has_websockifys_words() {
    let folder = tempfile::tempdir().unwrap();
    for (options, file) in
        [(&[][..], "self.pem"), (&["--cert", "sub/other.pem"][..], "sub/other.pem")]
    {
        let mut proxy = Proxy::start(folder.path(), options, echo());
        assert_eq!(proxy.line("SSL/TLS support"), "  - No SSL/TLS support (no cert file)");
        let mut tls = proxy.connect();
        let (mut connection, _) = Client::default().connection();
        tls.write_all(&tls::client_hello(&mut connection)).unwrap();
        assert_eq!(rest(&mut tls), []);
        let path = folder.path().canonicalize().unwrap().join(file);
        let client = tls.local_addr().unwrap();
        proxy.line(&format!("client {client}: SSL connection but '{}' not found", path.display()));
        assert!(get(&mut proxy.connect(), "/").starts_with("HTTP/1.1 405 "));

        let output = command()
            .current_dir(folder.path())
            .arg("--ssl-only")
            .args(options)
            .args(["127.0.0.1:0", &closed_port().to_string()])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            format!("SSL only and {file} not found\n")
        );
    }
}

/// As an ordinary user: permissions do not bind root.
#[test]
fn permission_denied_names_the_user_and_what_denies() {
    const NOBODY: u32 = 65534;
    let root = rustix::process::geteuid().is_root();
    let user = if root { NOBODY } else { rustix::process::geteuid().as_raw() };
    let folder = pair("ec");
    let folder = folder.path();
    fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    // The other user must be able to run it.
    fs::copy(env!("CARGO_BIN_EXE_wssure-proxy"), folder.join("program")).unwrap();
    fs::create_dir(folder.join("private")).unwrap();
    join(folder, &["cert.pem", "key.pem"], "private/self.pem");
    join(folder, &["cert.pem", "key.pem"], "self.pem");
    fs::set_permissions(folder.join("self.pem"), Permissions::from_mode(0o0)).unwrap();
    fs::set_permissions(folder.join("private"), Permissions::from_mode(0o0)).unwrap();
    let start = |cert: &str| {
        let mut command = std::process::Command::new(folder.join("program"));
        if root {
            command.uid(NOBODY).gid(NOBODY);
        }
        let target = closed_port().to_string();
        let output = command
            .current_dir(folder)
            .args(["--ssl-only", "--cert", cert, "127.0.0.1:0", &target])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let file = start("self.pem");
    assert!(
        file.contains(&format!(
            "self.pem may not be read by user {user} (OpenSSL: Permission denied); "
        )),
        "{file}"
    );
    assert!(file.contains(&format!("(the proxy runs as user {user}, group ")), "{file}");
    assert!(file.contains(&format!("setfacl -m u:{user}:rX self.pem")), "{file}");
    let parent = start("private/self.pem");
    let private = folder.join("private");
    let words = format!(
        "private/self.pem cannot be reached by user {user}: permission denied in folder {}",
        private.display()
    );
    assert!(parent.contains(&words), "{parent}");
    fs::set_permissions(private, Permissions::from_mode(0o700)).unwrap();
}
