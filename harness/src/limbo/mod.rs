//! [x509-limbo](https://x509-limbo.com): its cases judged by our clients, simulated and real.
//!
//! ```text
//! suite (JSON)  ->  a simulated client's judgement, or a real one's in a handshake  ->  results (JSON)
//! ```
//!
//! Both forms are limbo's own, so that what a browser does stands beside what the verifiers do that limbo already
//! knows (`harness/README.md` there). The suite is never part of this repository.

mod disagreement;
mod handshake;
mod identity;
mod measured;
mod results;
mod server;
mod simulated;
mod suite;
mod verdict;
mod weak_key;

pub use disagreement::{Check, Disagreements};
pub use handshake::{Handshakes, HandshakesError};
pub use measured::{Measured, Unlike};
pub use results::{ActualResult, Outcome, Results};
pub use simulated::judge;
pub use suite::{Case, Expected, Peer, PeerKind, Suite, SuiteError, ValidationKind};
pub use verdict::{Judged, NotJudged, Verdict};
