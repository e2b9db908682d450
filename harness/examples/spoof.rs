//! An imported self-signed certificate can be used to spoof any site: what each browser makes of it.
//!
//! `cargo run -p wssure-harness --example spoof`

use wssure_harness::{
    InProcess, Simulated,
    certificate::{Kind, Lab, Specification},
    client::{Client, Payload, Scheme},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let lab = Lab::new()?;
    let own = lab.mint(&Specification::new(Kind::SelfSigned, "proxy.example.test".parse()?))?;
    let spoof = lab.mint(&Specification::issued_by(&own, "bank.example.test".parse()?))?;
    let proxy = InProcess::start(&spoof).await?;
    for name in ["chromium", "firefox", "webkitgtk"] {
        let mut browser = Simulated::named(name)?;
        browser.import(own.certificate().clone()).await?;
        let seen = browser.open(&proxy.destination(Scheme::Wss), &Payload::Nothing).await?;
        println!("{name}: {}", if seen.is_connected() { "spoofed" } else { "refused" });
    }
    Ok(())
}
