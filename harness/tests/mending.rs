//! What the explanations tell people to type does mend it: with what the commands made, every client of today connects.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use rustls_pki_types::{CertificateDer, pem::PemObject};
use wssure_harness::{
    Fault, InProcess, Simulated,
    certificate::{Delivery, FileNames, Kind, Lab, Shape, Specification, make},
    client::{self, Client, Payload, Scheme, profile::Era},
    fault::{Area, Remedy},
    host::Host,
    observation::Outcome,
};

/// All that the kind has wrong, as it is or once it is imported.
fn planted(kind: Kind) -> Vec<Fault> {
    [kind.plants(), kind.plants_once_imported()].concat()
}

/// A kind that plants the fault, and as little else as can be.
fn plainest(fault: Fault) -> Option<Kind> {
    let kinds = Kind::ALL.iter().copied().filter(|kind| planted(*kind).contains(&fault));
    kinds.min_by_key(|kind| planted(*kind).len())
}

/// What is good for all that the kind plants.
fn remedy(kind: Kind) -> Remedy {
    planted(kind).iter().map(|fault| fault.remedy()).max().unwrap_or(Remedy::Words)
}

/// Types the commands in that folder, with a shell, as a person would. `answers` is what is typed when asked.
fn mend(folder: &Path, remedy: Remedy, host: &Host, answers: &str) {
    let lines: Vec<String> =
        remedy.commands(Some(host)).into_iter().map(|command| command.line).collect();
    let typed = folder.join("typed");
    fs::write(&typed, answers).unwrap();
    // Without a terminal openssl takes its password from standard input.
    let ran = Command::new("setsid")
        .args(["--wait", "sh", "-e", "-c", &lines.join("\n")])
        .current_dir(folder)
        .stdin(Stdio::from(fs::File::open(&typed).unwrap()))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{lines:#?}\n{}", String::from_utf8_lossy(&ran.stderr));
}

/// That every client of today connects to a proxy with that folder's `mended.pem`, and finds nothing of `planted`.
async fn assert_mended(folder: &Path, host: &Host, planted: &[Fault]) {
    let authority = match folder.join("new-authority.pem") {
        made if made.exists() => made,
        _ => folder.join("authority.pem"),
    };
    let trusted = CertificateDer::from_pem_file(authority).unwrap();
    let proxy = InProcess::serving(&folder.join("mended.pem"), host.clone()).await.unwrap();
    let all = client::built_in().unwrap().into_iter();
    for profile in all.filter(|profile| profile.era == Era::Today) {
        let mut client = Simulated::new(profile).trusting([trusted.clone()]);
        let seen = client.open(&proxy.destination(Scheme::Wss), &Payload::Nothing).await.unwrap();
        assert_eq!(seen.outcome, Outcome::Connected, "{planted:?}: {seen:#?}\n{:?}", proxy.log());
        let left = seen.found.iter().find(|found| planted.contains(&found.fault));
        assert!(left.is_none(), "{left:?} is still there");
    }
}

/// The files of a folder, with what is in them.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

/// Plants it with a kept authority, mends it as its explanation says, and connects.
async fn plant_and_mend(kind: Kind, kept: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let host: Host = kind.example_host().parse().unwrap();
    make(&Lab::kept_in(kept).unwrap(), kind, &host, folder).unwrap();
    if remedy(kind) == Remedy::NewCertificate {
        fs::copy(kept.join("authority.key"), folder.join("authority.key")).unwrap();
    }
    let before = contents(folder);
    let password = format!("{}\n", wssure_harness::certificate::KEY_PASSWORD);
    mend(folder, remedy(kind), &host, &password);
    let after = contents(folder);
    assert!(before.iter().all(|file| after.contains(file)), "{kind}: a file was overwritten");
    assert_mended(folder, &host, &planted(kind)).await;
}

/// Does that to each of them, on every processor.
fn plant_and_mend_all(kinds: &[Kind], kept: &Path) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let runtime = runtime.unwrap();
                while let Some(kind) = kinds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    runtime.block_on(plant_and_mend(*kind, kept));
                }
            });
        }
    });
}

/// Writes a good certificate in a shape, under the names that its commands have, mends it, and connects.
async fn shape_and_mend(shape: Shape, kept: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let host: Host = "proxy.example.test".parse().unwrap();
    let wanted = Specification::new(Kind::Good, host.clone());
    let minted = Lab::kept_in(kept).unwrap().mint(&Specification { shape, ..wanted }).unwrap();
    let (delivery, certificate, key) = match shape {
        Shape::Pkcs12 => (Delivery::OneFile, "self.pfx", "key.pem"),
        Shape::Utf16 => (Delivery::OneFile, "self.pem", "key.pem"),
        Shape::Pkcs7 | Shape::Pkcs7Der => (Delivery::TwoFiles, "cert.p7b", "key.pem"),
        Shape::DerCertificate => (Delivery::TwoFiles, "cert.der", "key.pem"),
        Shape::DerKey => (Delivery::TwoFiles, "cert.pem", "key.der"),
        _ => (Delivery::TwoFiles, "cert.pem", "key.pem"),
    };
    let names = FileNames { certificate: certificate.to_owned(), key: key.to_owned() };
    minted.write(folder, delivery, &names).unwrap();
    let chain = pem::Pem::new("CERTIFICATE", minted.intermediates()[0].to_vec());
    fs::write(folder.join("chain.pem"), pem::encode(&chain)).unwrap();
    for name in ["authority.pem", "authority.key"] {
        fs::copy(kept.join(name), folder.join(name)).unwrap();
    }
    let before = contents(folder);
    let password = format!("{}\n", wssure_harness::certificate::KEY_PASSWORD);
    let fault = shape.plants().unwrap();
    mend(folder, fault.remedy(), &host, &password);
    let after = contents(folder);
    assert!(before.iter().all(|file| after.contains(file)), "{shape}: a file was overwritten");
    assert_mended(folder, &host, &[fault]).await;
}

#[test]
fn every_fault_is_mended_by_the_commands_of_its_explanation() {
    let mut kinds = BTreeSet::new();
    let mut shapes = Vec::new();
    for &fault in Fault::ALL.iter().filter(|fault| fault.remedy() != Remedy::Words) {
        if let Some(kind) = plainest(fault) {
            kinds.insert(kind);
            continue;
        }
        let planting = Shape::ALL.iter().copied().filter(|shape| shape.plants() == Some(fault));
        let before = shapes.len();
        // The right password mends that one, as it does for a key whose password was not given at all.
        shapes.extend(planting.filter(|shape| *shape != Shape::EncryptedOtherwise));
        assert!(
            shapes.len() > before || fault == Fault::WrongKeyPassword,
            "{fault}: nothing plants it"
        );
    }
    let kept = tempfile::tempdir().unwrap();
    Lab::kept_in(kept.path()).unwrap();
    plant_and_mend_all(&kinds.into_iter().collect::<Vec<_>>(), kept.path());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for shape in shapes {
        runtime.block_on(shape_and_mend(shape, kept.path()));
    }
}

#[test]
fn where_no_command_helps_it_is_not_in_the_certificate() {
    let words =
        |fault: &&Fault| fault.remedy() == Remedy::Words && fault.area() != Area::Connection;
    let by_words: Vec<Fault> = Fault::ALL.iter().filter(words).copied().collect();
    let in_other_places = [
        Fault::TrailingDot,        // in the URL
        Fault::UnderscoreName,     // in DNS
        Fault::UnreadableFile,     // in the rights of a user whom only the operator knows
        Fault::NotARegularFile,    // in the option that names it
        Fault::FileTooLarge,       // there, too
        Fault::UselessOption,      // in the command line
        Fault::UnloadableIdentity, // the proxy that says no more than this is the fault
    ];
    assert_eq!(by_words, in_other_places);
}
