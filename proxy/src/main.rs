//! The program `wssure-proxy`. All of it is in the library, so that other programs can offer it as a subcommand.

fn main() -> std::process::ExitCode {
    wssure_proxy::main(std::env::args_os())
}
