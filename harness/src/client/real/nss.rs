//! An NSS certificate database, kept with certutil as a user of Chromium on Linux would.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use rustls_pki_types::CertificateDer;
use tokio::process::Command;

use crate::{client::Trouble, inspect::fingerprint};

/// How long certutil may take.
const LIMIT: Duration = Duration::from_secs(20);

/// A database in a folder.
#[derive(Debug)]
pub(super) struct Database {
    certutil: PathBuf,
    folder: PathBuf,
    /// What is in it as a trusted authority, by its nickname there.
    kept: BTreeMap<String, CertificateDer<'static>>,
}

impl Database {
    /// Makes an empty one.
    pub(super) async fn create(certutil: &Path, folder: &Path) -> Result<Self, Trouble> {
        tokio::fs::create_dir_all(folder)
            .await
            .map_err(|error| Trouble::Broke(format!("{}: {error}", folder.display())))?;
        let database = Self {
            certutil: certutil.to_owned(),
            folder: folder.to_owned(),
            kept: BTreeMap::new(),
        };
        database.certutil(&["-N", "--empty-password"]).await?;
        Ok(database)
    }

    /// Makes these the trusted authorities in it, as `certutil -A -t C,,` does, and forgets the others.
    pub(super) async fn trust(
        &mut self,
        trusted: &[CertificateDer<'static>],
    ) -> Result<(), Trouble> {
        let wanted: BTreeMap<String, CertificateDer<'static>> =
            trusted.iter().map(|one| (fingerprint(one), one.clone())).collect();
        let gone: Vec<String> =
            self.kept.keys().filter(|name| !wanted.contains_key(*name)).cloned().collect();
        for name in gone {
            self.certutil(&["-D", "-n", &name]).await?;
            self.kept.remove(&name);
        }
        for (name, certificate) in wanted {
            if self.kept.contains_key(&name) {
                continue;
            }
            let file = self.folder.join(format!("{name}.der"));
            tokio::fs::write(&file, &certificate)
                .await
                .map_err(|error| Trouble::Broke(format!("{}: {error}", file.display())))?;
            let path = file.display().to_string();
            self.certutil(&["-A", "-n", &name, "-t", "C,,", "-i", &path]).await?;
            self.kept.insert(name, certificate);
        }
        Ok(())
    }

    async fn certutil(&self, arguments: &[&str]) -> Result<(), Trouble> {
        let broke =
            |why: String| Trouble::Broke(format!("certutil {}: {why}", arguments.join(" ")));
        let mut command = Command::new(&self.certutil);
        command.arg("-d").arg(format!("sql:{}", self.folder.display())).args(arguments);
        command.stdin(Stdio::null()).kill_on_drop(true);
        match tokio::time::timeout(LIMIT, command.output()).await {
            Ok(Ok(output)) if output.status.success() => Ok(()),
            Ok(Ok(output)) => {
                let words = String::from_utf8_lossy(&output.stderr);
                Err(broke(format!("{} ({})", words.trim(), output.status)))
            }
            Ok(Err(error)) => Err(broke(error.to_string())),
            Err(_) => Err(broke("it does not end".to_owned())),
        }
    }
}
