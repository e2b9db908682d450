//! Gathers the cases for embedding: every TOML file beside this one and below, but those of the program.
//!
//! Adding a file is enough; nothing lists them.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// What is here beside the cases.
const PROGRAM: [&str; 4] = ["Cargo.toml", "src", "tests", "target"];

fn main() -> io::Result<()> {
    // The folder itself, so that a new group of cases is seen too.
    println!("cargo::rerun-if-changed=.");
    let variable = |name| env::var_os(name).map(PathBuf::from).ok_or(io::ErrorKind::NotFound);
    let gathered = variable("OUT_DIR")?.join("cases");
    match fs::remove_dir_all(&gathered) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => gather(&variable("CARGO_MANIFEST_DIR")?, &gathered, &PROGRAM),
    }
}

fn gather(from: &Path, to: &Path, without: &[&str]) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        if without.iter().any(|without| name == *without) {
            continue;
        }
        if path.is_dir() {
            gather(&path, &to.join(name), &[])?;
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}
