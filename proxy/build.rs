//! Builds the library that a wrapped program is loaded with (`-- COMMAND`), which the proxy carries in itself.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo:rerun-if-changed=src/wrap/rebind.c");
    let library =
        PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("rebind.so");
    if let Err(why) = compile(&library) {
        println!("cargo:warning=built without wrapped programs (-- COMMAND): {why}");
        // What an empty one means is known to src/wrap.
        fs::write(&library, []).expect("OUT_DIR can be written");
    }
}

fn compile(library: &Path) -> Result<(), String> {
    // Elsewhere libraries are loaded in other ways, or their bind() is found in other ways.
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux") {
        return Err("they need Linux".to_owned());
    }
    let compiler = cc::Build::new()
        .opt_level(2)
        .pic(true)
        .try_get_compiler()
        .map_err(|error| error.to_string())?;
    let options = ["-shared", "-fPIC", "-fvisibility=hidden", "-nostdlib", "-fno-stack-protector"];
    let status = compiler
        .to_command()
        .args(options)
        .args(["-U_FORTIFY_SOURCE", "-o"].map(OsStr::new))
        .args([library.as_os_str(), OsStr::new("src/wrap/rebind.c")])
        .status()
        .map_err(|error| format!("the C compiler cannot be started: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("the C compiler failed: {status}")) }
}
