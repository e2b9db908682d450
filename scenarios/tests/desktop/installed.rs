//! What these tests need of the machine.

use std::path::PathBuf;

use super::{Brand, Program};

/// noVNC's folder, as npm installs it: WSSURE_NOVNC names it.
pub fn novnc() -> Option<PathBuf> {
    std::env::var_os("WSSURE_NOVNC")
        .map(PathBuf::from)
        .filter(|folder| folder.join("core").is_dir())
}

/// What is not there.
pub fn missing(brand: Brand, program: Program) -> Vec<&'static str> {
    let mut needed = vec!["Xvnc", "certutil", brand.driver()];
    if program == Program::Websockify {
        needed.push("websockify");
    }
    needed.retain(|name| !is_on_path(name));
    if novnc().is_none() {
        needed.push("noVNC (WSSURE_NOVNC)");
    }
    needed
}

fn is_on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}
