//! Certificates and keys as people make them: with the openssl program.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs `openssl` with words of a command line, in `folder`.
#[track_caller]
pub fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .expect("the openssl program is installed");
    assert!(
        output.status.success(),
        "openssl {arguments}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Makes `key.pem` and `cert.pem` for localhost and 127.0.0.1, with a key of `kind` (`ec`, `rsa`, `ed25519`).
pub fn make_pair(folder: &Path, kind: &str) {
    let key = match kind {
        "ec" => "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
        "rsa" => "-algorithm RSA -pkeyopt rsa_keygen_bits:2048",
        "ed25519" => "-algorithm ED25519",
        other => panic!("{other}?"),
    };
    openssl(folder, &format!("genpkey {key} -out key.pem"));
    certify(folder, "key.pem", "cert.pem", &[]);
}

/// Makes a self-signed certificate for a key, with further options of `openssl req`.
pub fn certify(folder: &Path, key: &str, cert: &str, further: &[&str]) {
    let further = further.join(" ");
    openssl(
        folder,
        &format!(
            "req -new -x509 -key {key} -out {cert} -days 90 -subj /CN=localhost -addext \
             subjectAltName=DNS:localhost,IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE {further}"
        ),
    );
}

/// Makes the authority `ca.pem`, with `ca-key.pem`.
pub fn make_authority(folder: &Path) {
    openssl(folder, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ca-key.pem");
    let command = "req -new -x509 -key ca-key.pem -out ca.pem -days 90 -subj /CN=Authority -addext \
                   keyUsage=critical,keyCertSign";
    openssl(folder, command);
}

/// Makes `NAME.pem`, with `NAME-key.pem`, that the authority issued; `extensions` are lines of OpenSSL's
/// configuration, and `further` options of `openssl x509`.
pub fn issue(folder: &Path, name: &str, extensions: &str, further: &str) {
    let key = format!("{name}-key.pem");
    openssl(folder, &format!("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out {key}"));
    openssl(folder, &format!("req -new -key {key} -subj /CN={name} -out {name}.csr"));
    let mut command = format!(
        "x509 -req -in {name}.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -out {name}.pem {further}"
    );
    if !further.contains("-not_") && !further.contains("-days") {
        command += " -days 90";
    }
    if !extensions.is_empty() {
        fs::write(folder.join("extensions"), extensions).unwrap();
        command += " -extfile extensions";
    }
    openssl(folder, &command);
}

/// Writes certificate and key in one file.
pub fn join(folder: &Path, parts: &[&str], to: &str) {
    let text: String =
        parts.iter().map(|part| fs::read_to_string(folder.join(part)).unwrap()).collect();
    fs::write(folder.join(to), text).unwrap();
}

/// A folder with `self.pem` for localhost.
pub fn folder_with_self_pem() -> tempfile::TempDir {
    let folder = pair("ec");
    join(folder.path(), &["cert.pem", "key.pem"], "self.pem");
    folder
}

/// A folder with `key.pem` and `cert.pem` of one kind.
pub fn pair(kind: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    make_pair(folder.path(), kind);
    folder
}

/// The contents of a file.
pub fn text(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}
