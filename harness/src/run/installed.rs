//! The files of the certificate that a subject serves, laid out as operators have them, and how they are renewed.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use crate::{certificate::Paths, dialogue::Renewal};

/// How the served files lie on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// As files.
    Files,
    /// As symbolic links (certbot's `live/` to its `archive/`).
    Links,
    /// Below a symbolic link to a folder (`..data`, as Kubernetes mounts a secret).
    LinkedFolder,
}

/// What the link to the folder is called.
const DATA: &str = "..data";

/// The served files.
#[derive(Debug)]
pub(super) struct Installed {
    folder: PathBuf,
    layout: Layout,
    paths: Paths,
}

impl Installed {
    /// Lays out the files at `from` below a new folder, so that they can be renewed in that way.
    pub(super) fn new(folder: PathBuf, from: &Paths, renewal: Renewal) -> io::Result<Self> {
        let layout = match renewal {
            Renewal::BySymlink => Layout::Links,
            Renewal::ByFolder => Layout::LinkedFolder,
            _ => Layout::Files,
        };
        fs::create_dir(&folder)?;
        let paths = match layout {
            Layout::Files | Layout::Links => each(from, |file| Ok(folder.join(name(file)?)))?,
            Layout::LinkedFolder => {
                symlink(parent(&from.certificate)?, folder.join(DATA))?;
                each(from, |file| Ok(folder.join(DATA).join(name(file)?)))?
            }
        };
        let installed = Self { folder, layout, paths };
        match layout {
            Layout::Files => {
                installed.pairs(from).try_for_each(|(from, to)| fs::copy(from, to).map(drop))?;
            }
            Layout::Links => {
                installed.pairs(from).try_for_each(|(from, to)| symlink(from, to))?;
            }
            Layout::LinkedFolder => {}
        }
        Ok(installed)
    }

    /// What the subject is told.
    pub(super) fn paths(&self) -> &Paths {
        &self.paths
    }

    /// Puts the files at `from` in the place of the served ones.
    pub(super) fn renew(&self, from: &Paths, renewal: Renewal) -> io::Result<()> {
        let beside = self.folder.join("renewing");
        match (renewal, self.layout) {
            (Renewal::BySymlink, Layout::Links) => self.pairs(from).try_for_each(|(from, to)| {
                symlink(from, &beside)?;
                fs::rename(&beside, to)
            }),
            (Renewal::ByFolder, Layout::LinkedFolder) => {
                symlink(parent(&from.certificate)?, &beside)?;
                fs::rename(&beside, self.folder.join(DATA))
            }
            (Renewal::BySymlink | Renewal::ByFolder, _) => Err(io::Error::other(
                "a case renews by links of one sort only: the files are laid out for the first renewal",
            )),
            (Renewal::InPlace, _) => {
                self.pairs(from).try_for_each(|(from, to)| fs::write(to, fs::read(from)?))
            }
            (Renewal::ByRename, _) => self.pairs(from).try_for_each(|(from, to)| {
                fs::copy(from, &beside)?;
                fs::rename(&beside, to)
            }),
            (Renewal::HalfWritten, _) => self.pairs(from).take(1).try_for_each(|(from, to)| {
                let whole = fs::read(from)?;
                fs::write(to, &whole[..whole.len() / 2])
            }),
            (Renewal::KeyAlone, _) => match (&from.key, &self.paths.key) {
                (Some(from), Some(to)) => {
                    fs::copy(from, &beside)?;
                    fs::rename(&beside, to)
                }
                _ => Err(io::Error::other(
                    "there is no file with the key alone: identity = \"cert-and-key\"",
                )),
            },
            (Renewal::Removed, _) => self.pairs(from).try_for_each(|(_, to)| fs::remove_file(to)),
        }
    }

    /// Each file of another certificate, with the served one in whose place it goes.
    fn pairs<'a>(&'a self, from: &'a Paths) -> impl Iterator<Item = (&'a Path, &'a Path)> {
        let keys = from.key.as_deref().zip(self.paths.key.as_deref());
        [(from.certificate.as_path(), self.paths.certificate.as_path())].into_iter().chain(keys)
    }
}

/// The same paths elsewhere.
fn each(paths: &Paths, of: impl Fn(&Path) -> io::Result<PathBuf>) -> io::Result<Paths> {
    Ok(Paths {
        certificate: of(&paths.certificate)?,
        key: paths.key.as_deref().map(of).transpose()?,
    })
}

fn name(file: &Path) -> io::Result<&std::ffi::OsStr> {
    file.file_name().ok_or_else(|| io::Error::other("a certificate's file has no name"))
}

fn parent(file: &Path) -> io::Result<&Path> {
    file.parent().ok_or_else(|| io::Error::other("a certificate's file is in no folder"))
}
