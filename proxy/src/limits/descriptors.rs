//! File descriptors: a connection takes one, a session two, and the system allows only so many.

use std::num::NonZeroUsize;
use std::sync::OnceLock;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};

/// For what is no connection: the log, the certificate while it is loaded, pages, the runtime.
const OTHERS: u64 = 64;

/// What this process was allowed before it allowed itself more.
static FIRST: OnceLock<Rlimit> = OnceLock::new();

/// Lets this process have as many as it may. The 1024 that are usual are for programs that use select(2), which this
/// one does not.
pub(crate) fn allow_all() {
    let allowed = *FIRST.get_or_init(|| getrlimit(Resource::Nofile));
    // One that may not have more goes on with what there is.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: allowed.maximum, ..allowed });
}

/// Gives a program that was just started what this one had at first: it may well use select(2).
pub(crate) fn allow_no_more_than_first(child: Pid) {
    if let Some(first) = FIRST.get() {
        // One that has ended needs none.
        let _ = prlimit(Some(child), Resource::Nofile, *first);
    }
}

/// How many connections there is room for.
pub(crate) fn connections_within() -> NonZeroUsize {
    let all = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let room = usize::try_from(all.saturating_sub(OTHERS) / 2).unwrap_or(usize::MAX);
    NonZeroUsize::new(room).unwrap_or(NonZeroUsize::MIN)
}
