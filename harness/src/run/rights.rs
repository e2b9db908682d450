//! Rights that bind: a file that nobody may read is read by root all the same, so a subject that root starts is started
//! without that privilege.

use std::{
    fs::{self, File, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

/// Starts a program for which a file's mode holds, whoever starts it: without CAP_DAC_OVERRIDE and
/// CAP_DAC_READ_SEARCH (capabilities(7)), also after its exec. It is util-linux's setpriv(1).
const BOUND: [&str; 3] = [
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
];

/// Why no program can be bound by a file's mode here.
const NOT_HERE: &str = "this user may read every file, whatever its mode (root), and setpriv of util-linux cannot take \
                        that right from the subject here";

/// What has to start a program so that it cannot read this file, which nobody may read: nothing, for most users.
///
/// # Errors
/// It reads it all the same.
pub(super) fn bound_by_mode(file: &Path) -> Result<Vec<String>, &'static str> {
    if File::open(file).is_err() {
        return Ok(Vec::new());
    }
    let [program, arguments @ ..] = BOUND;
    let read = |what: &Path| {
        let mut command = Command::new(program);
        command.args(arguments).args(["head", "-c", "1"]).arg(what);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    // It must start programs at all, and they must fail for the mode.
    match read(Path::new("/dev/null")) && !read(file) {
        true => Ok(BOUND.map(str::to_owned).to_vec()),
        false => Err(NOT_HERE),
    }
}

/// Lets its owner enter a folder again, in order to remove it.
pub(super) fn give_back(folder: &Path) {
    // It may be gone.
    fs::set_permissions(folder, Permissions::from_mode(0o700)).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_nobody_may_read_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        fs::write(&file, "secret").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o0)).unwrap();
        let through = match bound_by_mode(&file) {
            Ok(through) => through,
            Err(why) => return eprintln!("skipped: {why}"),
        };
        let line: Vec<&str> = through.iter().map(String::as_str).chain(["cat"]).collect();
        let cat = Command::new(line[0]).args(&line[1..]).arg(&file).output().unwrap();
        assert!(!cat.status.success() && cat.stdout.is_empty(), "{cat:?}");
    }
}
