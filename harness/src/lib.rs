//! Will this `wss://` connect, for whom, and if not, why?
//!
//! Data flows one way:
//!
//! ```text
//! case  x  client  x  subject   ->   observation   ->   verdict   ->   report
//! ```
//!
//! and everything speaks one vocabulary, the [`Fault`].

pub mod alert;
pub mod case;
pub mod certificate;
pub mod client;
pub mod data;
pub mod fault;
pub mod host;
pub mod inspect;
pub mod observation;
pub mod run;
pub mod subject;

pub use alert::Alert;
pub use fault::Fault;
