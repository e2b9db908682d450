//! Builds anew when a data file that is embedded was added, removed or changed.

fn main() {
    println!("cargo::rerun-if-changed=clients");
    println!("cargo::rerun-if-changed=limbo");
    println!("cargo::rerun-if-changed=subjects");
}
