//! Will this `wss://` connect, for whom, and if not, why?
//!
//! Data flows one way:
//!
//! ```text
//! case  x  client  x  subject   ->   observation   ->   verdict   ->   report
//! ```
//!
//! and everything speaks one vocabulary, the [`Fault`]. The command `wssure` runs whole suites; in your
//! own tests, take a certificate with something wrong with it, serve it, and see what a browser makes of it:
//!
//! ```
//! use wssure_harness::{
//!     Fault, InProcess, Simulated,
//!     certificate::{Kind, Lab, Specification},
//!     client::{Client, Payload, Scheme},
//! };
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let lab = Lab::new()?;
//! let expired = lab.mint(&Specification::new(Kind::Expired, "proxy.example.test".parse()?))?;
//! let proxy = InProcess::start(&expired).await?;
//!
//! let mut firefox = Simulated::named("firefox")?.trusting([lab.authority()]);
//! let seen = firefox.open(&proxy.destination(Scheme::Wss), &Payload::Nothing).await?;
//! let refusal = seen.assert_refused_with(Fault::Expired);
//! assert_eq!(refusal.code.as_deref(), Some("SEC_ERROR_EXPIRED_CERTIFICATE"));
//! # Ok(())
//! # }
//! ```
//!
//! Any other proxy takes the place of ours through a [`Subject`](subject::Subject).

mod accepting;
pub mod alert;
pub mod case;
pub mod certificate;
pub mod client;
pub mod compare;
pub mod data;
pub mod dialogue;
pub mod echo;
pub mod fault;
mod free_port;
pub mod host;
mod in_process;
pub mod inspect;
pub mod limbo;
pub mod observation;
pub mod opinion;
mod process;
pub mod report;
pub mod run;
pub mod subject;
pub mod symptom;
mod tls_record;
pub mod witness;

pub use alert::Alert;
pub use client::Simulated;
pub use fault::Fault;
pub use free_port::free_port;
pub use in_process::{InProcess, InProcessError};
