//! Writes the chains of all kinds to the corpora of both targets, which git ignores.

use std::{error::Error, fs, path::Path};

use wssure_harness::certificate::{Kind, Lab, Minted, Specification};
use wssure_harness_fuzz::{HOSTS, input::Input, now};

fn main() -> Result<(), Box<dyn Error>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let (der, pem) = (corpus.join("inspect_der"), corpus.join("inspect_pem"));
    fs::create_dir_all(&der)?;
    fs::create_dir_all(&pem)?;
    let lab = Lab::at(now())?;
    for &kind in Kind::ALL {
        let Some(host) = (0..HOSTS.len()).find(|&host| kind.check_host(&HOSTS[host]).is_ok())
        else {
            eprintln!("skipped: none of the hosts is one for {kind}");
            continue;
        };
        let minted = mint(&lab, kind, host)?;
        fs::write(der.join(kind.name()), input(&minted, host).write())?;
        fs::write(pem.join(kind.name()), text(&minted))?;
    }
    Ok(())
}

fn mint(lab: &Lab, kind: Kind, host: usize) -> Result<Minted, Box<dyn Error>> {
    let host = HOSTS[host].clone();
    let specification = match kind {
        Kind::IssuedBy => {
            let imported = "imported.example.test".parse()?;
            let signer = lab.mint(&Specification::new(Kind::SelfSigned, imported))?;
            Specification::issued_by(&signer, host)
        }
        _ => Specification::new(kind, host),
    };
    Ok(lab.mint(&specification)?)
}

/// What a server sends, and the root.
fn input(minted: &Minted, host: usize) -> Input {
    let mut certificates = minted.chain().to_vec();
    certificates.push(minted.root().clone());
    Input { host: host as u8, trusted: 1, certificates }
}

/// The same as text.
fn text(minted: &Minted) -> String {
    let all = minted.chain().iter().chain([minted.root()]);
    let blocks =
        all.map(|certificate| pem::encode(&pem::Pem::new("CERTIFICATE", certificate.to_vec())));
    blocks.collect()
}
